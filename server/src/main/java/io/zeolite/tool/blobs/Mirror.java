package io.zeolite.tool.blobs;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.Deposits;
import io.zeolite.blob.tier.Pace;
import io.zeolite.blob.tier.Refusals;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.SideBySide;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.ProgressBar;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.BlobTable.Place;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * {@code zeolite mirror-blobs}: copies the objects of a bucket to another store, those that are not there yet. Nothing is ever
 * deleted there. Each copy is proven as an archived blob is.
 */
public final class Mirror {
    private static final String PROBE_KEY = ".zeolite-check-mirror";
    private static final String TEMPORARY_START = "zeolite-mirror-";
    private static final String TEMPORARY_END = ".tmp";
    private static final Duration UNUSED = Duration.ofDays(1);

    private final Site site;
    private final RetryingStore target;
    private final KeyLayout layout;
    private final Options options;
    private final Console console;

    private final long startNanos = System.nanoTime();
    private final List<Failure> failures = new ArrayList<>();
    private long present;
    private long copied;
    private long bytes;
    /** The source says that they are not there. */
    private final Set<BlobRevision> gone = new HashSet<>();

    /** @param temporary where objects lie on their way; needs room for the largest ones */
    public record Options(Path temporary, Effort effort, boolean dryRun, boolean json) {}

    private record Failure(String key, String message) {}

    /**
     * The caller closes both.
     *
     * @param target another store than that of the site
     * @param layout how blobs are named there
     */
    public Mirror(Site site, RetryingStore target, KeyLayout layout, Options options, Console console) {
        this.site = site;
        this.target = target;
        this.layout = layout;
        this.options = options;
        this.console = console;
    }

    /**
     * Does it and says what was done.
     *
     * @return {@link ExitStatus#FAILED} if an object of the bucket is not in the other store
     * @throws IOException if nothing can be done
     */
    public int run() throws IOException {
        Site.Cold bucket = site.bucket();
        ObjectList wanted = missing(bucket);
        if (!options.dryRun()) {
            removeLeftovers();
            if (wanted.size() > 0) {
                tryWriting();
            }
            copy(bucket, wanted);
            lookAgain(bucket);
        }
        if (options.json()) {
            write(bucket, wanted);
        } else {
            print(bucket, wanted);
        }
        return options.dryRun() || copied + gone.size() == wanted.size() ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private ObjectList missing(Site.Cold bucket) throws IOException {
        BlobTable there = new BlobTable();
        String start = bucket.layout().start();
        target.list(layout.start(), object -> revision(layout, object).ifPresent(revision -> {
            there.found(Place.BUCKET, revision.oid(), revision.tid(), object.size());
        }));
        ObjectList wanted = new ObjectList();
        bucket.store().list(start, object -> revision(bucket.layout(), object).ifPresent(revision -> {
            if (there.sizeIn(Place.BUCKET, revision.oid(), revision.tid()) != object.size()) {
                wanted.note(revision, object.size(), object.lastModified());
            } else if (!there.isRecorded(revision.oid(), revision.tid())) {
                // A listing that broke off begins anew.
                there.record(revision.oid(), revision.tid());
                present++;
            }
        }));
        wanted.complete();
        return wanted;
    }

    private static Optional<BlobRevision> revision(KeyLayout layout, StoredObject object) {
        return layout.revision(object.key()).filter(revision -> revision.tid() != 0);
    }

    /** Before anything is fetched for a store that will not take it. */
    private void tryWriting() throws IOException {
        target.putIfAbsent(
                PROBE_KEY,
                "Zeolite tries to write. May be deleted.\n".getBytes(StandardCharsets.US_ASCII),
                "text/plain");
        try {
            target.delete(PROBE_KEY);
        } catch (StoreException e) {
            // It stays, and the next run finds it there.
        }
    }

    /** What runs have left there that were killed. Another one may be at work. */
    private void removeLeftovers() throws IOException {
        Instant limit = Instant.now().minus(UNUSED);
        try (DirectoryStream<Path> left =
                Files.newDirectoryStream(options.temporary(), TEMPORARY_START + "*" + TEMPORARY_END)) {
            for (Path file : left) {
                try {
                    if (Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
                        Files.delete(file);
                    }
                } catch (IOException e) {
                    // Another user's, or gone.
                }
            }
        }
    }

    private void copy(Site.Cold bucket, ObjectList wanted) {
        Deposits deposits = new Deposits(target);
        Pace coming = Pace.of(options.effort().bytesPerSecond());
        Pace going = Pace.of(options.effort().bytesPerSecond());
        bucket.store().paceReads(bytes -> coming.await(bytes, () -> false));
        target.paceParts(bytes -> going.await(bytes, () -> false));
        Refusals refusals = new Refusals();
        try (ProgressBar progress = new ProgressBar(console, "mirroring", wanted.size(), wanted.bytes())) {
            SideBySide.run(
                    "zeolite-mirror", options.effort().parallel(), wanted.largestFirst(), () -> false, object -> {
                        long oid = object.revision().oid();
                        long tid = object.revision().tid();
                        String key = bucket.key(oid, tid);
                        IOException failure = null;
                        try {
                            boolean wasThere = copy(bucket.store(), key, object.size(), deposits, layout.key(oid, tid));
                            noteDone(wasThere, object, progress);
                        } catch (IOException e) {
                            noteFailure(key, e, object.size(), progress);
                            failure = e;
                        }
                        return refusals.note(failure) && !bucket.store().isAway() && !target.isAway();
                    });
        }
    }

    /** @return false if the object is not in the bucket any more */
    private boolean copy(RetryingStore source, String key, long size, Deposits deposits, String targetKey)
            throws IOException {
        Path file = Files.createTempFile(options.temporary(), TEMPORARY_START, TEMPORARY_END);
        try {
            Fetch.Fetched fetched;
            try {
                fetched = new Fetch(source).into(file, key, size);
            } catch (StoreException e) {
                if (e.reason() == Reason.NOT_FOUND) {
                    return false;
                }
                throw e;
            }
            deposits.put(targetKey, file, source.name() + key, fetched.object().crc32c() != null);
            return true;
        } finally {
            Files.delete(file);
        }
    }

    private synchronized void noteDone(boolean wasThere, ObjectList.Item object, ProgressBar progress) {
        progress.add(1, object.size());
        if (wasThere) {
            copied++;
            bytes += object.size();
        } else {
            gone.add(object.revision());
        }
    }

    /** What had been deleted is not listed any more: a store that says of everything that it is not there has lost its disk. */
    private void lookAgain(Site.Cold bucket) {
        if (gone.isEmpty()) {
            return;
        }
        Set<BlobRevision> doubtful = new HashSet<>();
        String why = "not found, and listed";
        try {
            bucket.store().list(bucket.layout().start(), object -> revision(bucket.layout(), object)
                    .filter(gone::contains)
                    .ifPresent(doubtful::add));
        } catch (StoreException e) {
            doubtful.addAll(gone);
            why = "not found, and whether it is listed is not known: " + e.getMessage();
        }
        gone.removeAll(doubtful);
        for (BlobRevision revision : doubtful) {
            fail(bucket.key(revision.oid(), revision.tid()), why, text -> console.out()
                    .println(text));
        }
    }

    private void fail(String key, String message, Consumer<String> output) {
        failures.add(new Failure(key, message));
        if (!options.json()) {
            output.accept("FAILED " + key + ": " + message);
        }
    }

    private synchronized void noteFailure(String key, IOException failure, long size, ProgressBar progress) {
        progress.add(1, size);
        fail(key, String.valueOf(failure.getMessage()), progress::say);
    }

    private long untried(ObjectList wanted) {
        return options.dryRun() ? 0 : wanted.size() - copied - gone.size() - failures.size();
    }

    private void print(Site.Cold bucket, ObjectList wanted) {
        String to = bucket.store().name() + " to " + target.name();
        if (options.dryRun()) {
            console.out()
                    .println(Texts.count(wanted.size(), "object") + ", " + Texts.bytes(wanted.bytes())
                            + ", would go from " + to + "; " + present + " are there already");
            return;
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        console.out()
                .println(String.format(
                        Locale.ROOT,
                        "%,d of %s copied from %s, %,d were there already; %s in %s (%s/s)",
                        copied,
                        Texts.count(wanted.size(), "object"),
                        to,
                        present,
                        Texts.bytes(bytes),
                        Texts.duration((long) seconds),
                        Texts.bytes((long) (bytes / seconds))));
        if (!gone.isEmpty()) {
            console.out().println(Texts.count(gone.size(), "object") + " had been deleted meanwhile");
        }
        if (untried(wanted) > 0) {
            console.out()
                    .println(Texts.count(untried(wanted), "object")
                            + " were not tried, since a store is away, or refuses one after the other; run it again");
        }
    }

    private void write(Site.Cold bucket, ObjectList wanted) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("from", bucket.store().name());
            json.writeStringField("to", target.name());
            json.writeBooleanField("dry_run", options.dryRun());
            json.writeNumberField("present", present);
            json.writeNumberField("selected", wanted.size());
            json.writeNumberField("selected_bytes", wanted.bytes());
            json.writeNumberField("copied", copied);
            json.writeNumberField("copied_bytes", bytes);
            json.writeNumberField("gone", gone.size());
            json.writeNumberField("not_tried", untried(wanted));
            json.writeNumberField("seconds", (System.nanoTime() - startNanos) / 1e9);
            json.writeArrayFieldStart("failed");
            for (Failure failure : failures) {
                json.writeStartObject();
                json.writeStringField("key", failure.key());
                json.writeStringField("message", failure.message());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }
}
