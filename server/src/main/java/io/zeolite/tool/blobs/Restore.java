package io.zeolite.tool.blobs;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.Pace;
import io.zeolite.blob.tier.SideBySide;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.ProgressBar;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.BlobTable.Blob;
import io.zeolite.tool.blobs.Fetch.Fetched;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** {@code zeolite restore-blobs}: brings blobs back from the bucket into the blob directory. */
public final class Restore {
    /** So much is left free on the disk, for whoever else uses it. */
    private static final long SPARE_BYTES = 64 << 20;

    private final Site site;
    private final Options options;
    private final Console console;

    private final long startNanos = System.nanoTime();
    private final List<Blob> wanted = new ArrayList<>();
    private final List<Blob> missing = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();
    private long restored;
    private long bytes;
    private long unverified;

    /** What to bring back, and how. */
    public record Options(BlobSelection selection, Effort effort, boolean dryRun, boolean json) {}

    private record Failure(Blob blob, String message) {}

    public Restore(Site site, Options options, Console console) {
        this.site = site;
        this.options = options;
        this.console = console;
    }

    /**
     * Does it and says what was done.
     *
     * @return {@link ExitStatus#FAILED} if any blob of the selection is not in the blob directory afterwards
     * @throws IOException if nothing can be done
     */
    public int run() throws IOException {
        Site.Cold bucket = site.bucket();
        if (!site.blobDirectory().isAbsolute()) {
            // In another directory than the server's, all blobs would come, and to nobody's use.
            site.existingBlobDirectory();
        }
        List<String> damages = choose();
        if (!options.dryRun()) {
            checkSpace();
            LocalBlobs local = new LocalBlobs(site.blobDirectory());
            try (ProgressBar progress = new ProgressBar(console, "restoring", wanted.size(), totalBytes())) {
                restore(bucket, local, progress);
            }
        }
        if (options.json()) {
            write(bucket, damages);
        } else {
            print(bucket, damages);
        }
        boolean complete = missing.isEmpty() && damages.isEmpty();
        return complete && (options.dryRun() || restored == wanted.size()) ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private List<String> choose() throws IOException {
        Inventory inventory = new Inventory(site, console);
        List<String> damages = inventory.readData(null);
        inventory.scanBlobDirectory();
        inventory.listBucket();
        inventory.table().forEach(blob -> {
            if (!blob.recorded() || blob.isLocal() || !options.selection().names(blob)) {
                return;
            }
            if (!blob.isStored()) {
                missing.add(blob);
            } else if (options.selection().takes(blob)) {
                wanted.add(blob);
            }
        });
        // The newest are the ones that somebody may be waiting for.
        wanted.sort(Comparator.comparingLong(Blob::tid).reversed().thenComparingLong(Blob::oid));
        if (wanted.size() > options.selection().limit()) {
            wanted.subList((int) options.selection().limit(), wanted.size()).clear();
        }
        return damages;
    }

    private long totalBytes() {
        return wanted.stream().mapToLong(Blob::stored).sum();
    }

    private void checkSpace() throws IOException {
        Path existing = site.blobDirectory().toAbsolutePath();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        long free = existing == null ? 0 : Files.getFileStore(existing).getUsableSpace();
        if (totalBytes() + SPARE_BYTES > free) {
            throw new IOException("not enough room for " + Texts.count(wanted.size(), "blob") + " in "
                    + site.blobDirectory() + ": " + Texts.bytes(free) + " free (expected: "
                    + Texts.bytes(totalBytes()) + " and " + Texts.bytes(SPARE_BYTES) + " to spare)");
        }
    }

    private void restore(Site.Cold bucket, LocalBlobs local, ProgressBar progress) {
        Pace pace = Pace.of(options.effort().bytesPerSecond());
        bucket.store().paceReads(count -> pace.await(count, () -> false));
        SideBySide.run("zeolite-restore", options.effort().parallel(), wanted, () -> false, blob -> {
            try {
                Fetched fetched = restore(bucket, local, blob);
                note(blob, fetched, progress);
            } catch (IOException e) {
                note(blob, e, progress);
            }
            return !bucket.store().isAway();
        });
    }

    private static Fetched restore(Site.Cold bucket, LocalBlobs local, Blob blob) throws IOException {
        Path staged = local.newFile();
        try {
            Fetched fetched = new Fetch(bucket.store()).into(staged, bucket.key(blob.oid(), blob.tid()), blob.stored());
            local.place(staged, blob.revision());
            return fetched;
        } finally {
            Files.deleteIfExists(staged);
        }
    }

    private synchronized void note(Blob blob, Fetched fetched, ProgressBar progress) {
        restored++;
        bytes += fetched.object().size();
        unverified += fetched.object().crc32c() == null ? 1 : 0;
        progress.add(1, blob.stored());
    }

    private synchronized void note(Blob blob, IOException failure, ProgressBar progress) {
        failures.add(new Failure(blob, String.valueOf(failure.getMessage())));
        progress.add(1, blob.stored());
        if (!options.json()) {
            progress.say("FAILED " + blob.revision() + ": " + failure.getMessage());
        }
    }

    private long untried() {
        return options.dryRun() ? 0 : wanted.size() - restored - failures.size();
    }

    private void print(Site.Cold bucket, List<String> damages) {
        damages.forEach(damage -> console.out().println("ERROR " + damage));
        for (Blob blob : missing) {
            console.out().println("MISSING " + blob.revision() + ": neither here nor in the bucket");
        }
        String from = bucket.store().name();
        Path to = site.blobDirectory().toAbsolutePath();
        if (options.dryRun()) {
            for (Blob blob : wanted) {
                console.out().println(blob.stored() + " " + bucket.key(blob.oid(), blob.tid()));
            }
            console.out()
                    .println(Texts.count(wanted.size(), "blob") + ", " + Texts.bytes(totalBytes())
                            + ", would come from " + from + " to " + to);
            return;
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        console.out()
                .println(String.format(
                        Locale.ROOT,
                        "%,d of %s restored from %s to %s; %s in %s (%s/s)",
                        restored,
                        Texts.count(wanted.size(), "blob"),
                        from,
                        to,
                        Texts.bytes(bytes),
                        Texts.duration((long) seconds),
                        Texts.bytes((long) (bytes / seconds))));
        if (unverified > 0) {
            console.out().println(Texts.count(unverified, "object") + " had no checksum; the length was compared");
        }
        if (untried() > 0) {
            console.out()
                    .println(Texts.count(untried(), "blob") + " were not tried, since " + from
                            + " is away; run it again");
        }
    }

    private void write(Site.Cold bucket, List<String> damages) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("store", bucket.store().name());
            json.writeStringField(
                    "blob_directory", site.blobDirectory().toAbsolutePath().toString());
            json.writeBooleanField("dry_run", options.dryRun());
            json.writeNumberField("selected", wanted.size());
            json.writeNumberField("selected_bytes", totalBytes());
            json.writeNumberField("restored", restored);
            json.writeNumberField("restored_bytes", bytes);
            json.writeNumberField("without_checksum", unverified);
            json.writeNumberField("not_tried", untried());
            json.writeNumberField("seconds", (System.nanoTime() - startNanos) / 1e9);
            json.writeArrayFieldStart("failed");
            for (Failure failure : failures) {
                json.writeStartObject();
                Archive.writeRevision(json, failure.blob().revision());
                json.writeStringField("message", failure.message());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("missing");
            for (Blob blob : missing) {
                json.writeStartObject();
                Archive.writeRevision(json, blob.revision());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("damage");
            for (String damage : damages) {
                json.writeString(damage);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }
}
