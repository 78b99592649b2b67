package io.zeolite.tool.blobs;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.Garbage;
import io.zeolite.storage.file.FileLog;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.ProgressBar;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.ObjectList.Item;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code zeolite gc-bucket}: finds objects that are no revision of a blob that any of the data files has, and deletes them if it
 * is told to.
 *
 * <p>What a pack has listed for the server to delete stays until its grace is over, as the server leaves it until then. So does
 * what it has removed and not listed yet.
 *
 * <p>The bucket is listed before the data files are read. An object is written after its transaction was committed, so
 * whatever the list has is in the data file by then, unless a pack has removed it. An object of a later transaction than the
 * latest that was read was therefore not packed away: the data file is older than the bucket, or only the beginning of one.
 */
public final class GcBucket {
    private static final int BATCH = 1000;

    private final Site site;
    private final Options options;
    private final Console console;
    private final Instant now;

    private final ObjectList orphans = new ObjectList();
    private final List<String> failures = new ArrayList<>();
    private long objects;
    private long foreign;
    private long young;
    private long deleted;
    private long deletedBytes;

    /**
     * What may be deleted.
     *
     * @param grace objects that are younger stay; null for as long as the server leaves what a pack has made superfluous
     * @param also other data files whose blobs stay: backups, copies
     * @param delete whether anything is deleted at all
     * @param force whether that may be more than half of the objects, or some that are later than all data files
     */
    public record Options(@Nullable Duration grace, List<Path> also, boolean delete, boolean force, boolean json) {
        public Options {
            also = List.copyOf(also);
        }
    }

    public GcBucket(Site site, Options options, Instant now, Console console) {
        this.site = site;
        this.options = options;
        this.now = now;
        this.console = console;
    }

    /**
     * Does it and says what was found.
     *
     * @return {@link ExitStatus#FAILED} if anything that was to be deleted was not
     * @throws IOException if nothing is deleted, since it is not certain what may be
     */
    public int run() throws IOException {
        Site.Cold bucket = options.delete() ? site.writableBucket("delete from") : site.bucket();
        ObjectList listed = list(bucket);
        objects = listed.size();
        Inventory inventory = readData();
        BlobTable recorded = inventory.table();
        // In this order, what a pack moves from the one list to the other is seen in one of them.
        Set<String> removed = removed();
        Set<BlobRevision> waiting =
                new Garbage(site.blobDirectory(), bucket.store(), bucket.layout(), bucket.gcGrace()).waiting(now);
        Instant newest = now.minus(Objects.requireNonNullElse(options.grace(), bucket.gcGrace()));
        for (Item object : listed) {
            if (recorded.isRecorded(object.revision().oid(), object.revision().tid())) {
                continue;
            }
            if (object.lastModified().isAfter(newest)
                    || waiting.contains(object.revision())
                    || isRemoved(object.revision(), removed)) {
                young++;
            } else {
                orphans.note(object.revision(), object.size(), object.lastModified());
            }
        }
        orphans.complete();
        if (options.delete()) {
            if (!options.force()) {
                checkShare(bucket);
                checkAge(bucket, inventory.newestTransaction());
            }
            delete(bucket);
        }
        if (options.json()) {
            write(bucket);
        } else {
            print(bucket);
        }
        return failures.isEmpty() && (!options.delete() || deleted == orphans.size())
                ? ExitStatus.OK
                : ExitStatus.FAILED;
    }

    private ObjectList list(Site.Cold bucket) throws IOException {
        ObjectList listed = new ObjectList();
        bucket.store().list(bucket.layout().start(), object -> {
            Optional<BlobRevision> revision = bucket.layout().revision(object.key());
            if (revision.isPresent() && revision.get().tid() != 0) {
                listed.note(revision.get(), object.size(), object.lastModified());
            } else {
                foreign++;
            }
        });
        listed.complete();
        return listed;
    }

    /** The lines that a pack has not worked off, or the server that was killed behind it: their grace has not begun. */
    private Set<String> removed() throws IOException {
        Path list = BlobDirectory.openReadOnly(site.blobDirectory()).removedList();
        try (Stream<String> lines = Files.lines(list, StandardCharsets.ISO_8859_1)) {
            return lines.map(String::strip).collect(Collectors.toSet());
        } catch (NoSuchFileException e) {
            return Set.of();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Also if there is a line with the oid alone, as Python writes one for an object that is gone altogether. */
    private static boolean isRemoved(BlobRevision revision, Set<String> removed) {
        String oid = Tid.toHex(revision.oid());
        return removed.contains(oid + Tid.toHex(revision.tid())) || removed.contains(oid);
    }

    private static String key(Site.Cold bucket, Item object) {
        return bucket.layout().key(object.revision().oid(), object.revision().tid());
    }

    /** What must stay: all revisions of all data files that there are. */
    private Inventory readData() throws IOException {
        Path data = site.data();
        List<Path> files = new ArrayList<>(List.of(data));
        Path old = FileLog.old(data);
        if (Files.exists(old)) {
            files.add(old);
        }
        files.addAll(options.also());
        Inventory inventory = new Inventory(site, console);
        for (Path file : files) {
            List<String> damages = inventory.readData(file, null);
            if (!damages.isEmpty()) {
                throw new IOException(file
                        + " cannot be read in full, so that it is not known which blobs it has; nothing is deleted: "
                        + damages.get(0));
            }
        }
        return inventory;
    }

    /** The wrong data file, or an empty one, must not empty a bucket. */
    private void checkShare(Site.Cold bucket) throws IOException {
        if (orphans.size() > objects / 2) {
            throw new IOException(Texts.count(orphans.size(), "object") + " of " + objects + " in "
                    + bucket.store().name() + " belong to no blob of " + site.data()
                    + ", which is more than half: is it the right data file? Nothing is deleted (expected: --force)");
        }
    }

    /** A data file that was restored from an older backup, or is being copied, does not know what came later. */
    private void checkAge(Site.Cold bucket, long newest) throws IOException {
        for (Item orphan : orphans) {
            long tid = orphan.revision().tid();
            if (Tid.isAfter(tid, newest)) {
                throw new IOException(bucket.store().name() + key(bucket, orphan) + " is of transaction " + text(tid)
                        + ", which is later than " + text(newest) + ", the last one of " + site.data()
                        + ": is that an older data file, or one that is not complete? Nothing is deleted"
                        + " (expected: --force)");
            }
        }
    }

    private static String text(long tid) {
        return Tid.toHex(tid) + " (" + Texts.time(tid) + " UTC)";
    }

    private void delete(Site.Cold bucket) {
        try (ProgressBar progress = new ProgressBar(console, "deleting", orphans.size(), orphans.bytes())) {
            for (int start = 0; start < orphans.size(); start += BATCH) {
                List<Item> batch = orphans.subList(start, Math.min(orphans.size(), start + BATCH));
                Map<String, StoreException> failed;
                try {
                    failed = bucket.store()
                            .deleteAll(batch.stream()
                                    .map(object -> key(bucket, object))
                                    .toList());
                } catch (StoreException e) {
                    failures.add(String.valueOf(e.getMessage()));
                    if (e.reason() == Reason.DENIED
                            || e.reason() == Reason.REFUSED
                            || bucket.store().isAway()) {
                        return;
                    }
                    continue;
                }
                failed.values().forEach(failure -> failures.add(String.valueOf(failure.getMessage())));
                for (Item object : batch) {
                    if (!failed.containsKey(key(bucket, object))) {
                        deleted++;
                        deletedBytes += object.size();
                    }
                    progress.add(1, object.size());
                }
            }
        }
    }

    private void print(Site.Cold bucket) {
        if (!options.delete()) {
            for (Item orphan : orphans) {
                console.out().println(orphan.size() + " " + orphan.lastModified() + " " + key(bucket, orphan));
            }
        }
        failures.forEach(failure -> console.out().println("FAILED " + failure));
        console.out()
                .println(bucket.store().name() + ": " + Texts.count(objects, "object") + ", "
                        + Texts.count(orphans.size(), "orphan") + " (" + Texts.bytes(orphans.bytes()) + "), "
                        + Texts.count(young, "younger one") + " left alone, "
                        + Texts.count(foreign, "object") + " of others");
        console.out()
                .println(
                        options.delete()
                                ? Texts.count(deleted, "object") + " deleted (" + Texts.bytes(deletedBytes) + ")"
                                : "Nothing was deleted; --delete does it.");
    }

    private void write(Site.Cold bucket) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("store", bucket.store().name());
            json.writeBooleanField("dry_run", !options.delete());
            json.writeNumberField("objects", objects);
            json.writeNumberField("foreign_objects", foreign);
            json.writeNumberField("orphans_within_grace", young);
            json.writeNumberField("orphans", orphans.size());
            json.writeNumberField("orphan_bytes", orphans.bytes());
            json.writeNumberField("deleted", deleted);
            json.writeNumberField("deleted_bytes", deletedBytes);
            json.writeArrayFieldStart("keys");
            for (Item orphan : orphans) {
                json.writeString(key(bucket, orphan));
            }
            json.writeEndArray();
            json.writeArrayFieldStart("failed");
            for (String failure : failures) {
                json.writeString(failure);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }
}
