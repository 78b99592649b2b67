package io.zeolite.tool.blobs;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.Archiver;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Candidate;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.blob.tier.Archiver.Step;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.ProgressBar;
import io.zeolite.tool.Texts;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code zeolite archive-blobs}: copies blobs to the bucket, and lets go of the local files. */
public final class Archive {
    private final Site site;
    private final Options options;
    private final Console console;

    private final long startNanos = System.nanoTime();
    private final List<Step.Failed> failures = new ArrayList<>();
    private long proven;
    private long written;
    private long readBack;
    private long gone;
    private long bytes;

    /** What to do with which. */
    public record Options(Selection selection, Afterwards afterwards, Effort effort, boolean dryRun, boolean json) {}

    public Archive(Site site, Options options, Console console) {
        this.site = site;
        this.options = options;
        this.console = console;
    }

    /**
     * Does it and says what was done.
     *
     * @return {@link ExitStatus#FAILED} if anything that was to be archived was not
     * @throws IOException if nothing can be done
     */
    public int run() throws IOException {
        Site.Cold bucket = site.writableBucket("archive to");
        BlobDirectory directory = BlobDirectory.openReadOnly(site.existingBlobDirectory());
        Archiver archiver = new Archiver(directory, bucket.store(), bucket.layout());
        List<Candidate> blobs = archiver.select(options.selection());
        if (options.dryRun()) {
            preview(blobs, directory);
            return ExitStatus.OK;
        }
        try (ProgressBar progress = new ProgressBar(console, "archiving", blobs.size(), totalBytes(blobs))) {
            archiver.archive(
                    blobs,
                    options.afterwards(),
                    options.effort(),
                    step -> note(step, directory, progress),
                    () -> false);
        }
        if (options.json()) {
            writeResult(blobs);
        } else {
            printResult(blobs);
        }
        return proven + gone == blobs.size() ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private static long totalBytes(List<Candidate> blobs) {
        return blobs.stream().mapToLong(Candidate::size).sum();
    }

    private void note(Step step, BlobDirectory directory, ProgressBar progress) {
        progress.add(1, step.blob().size());
        if (step instanceof Step.Proven done) {
            proven++;
            written += done.deposit().written() ? 1 : 0;
            readBack += done.deposit().readBack() ? 1 : 0;
            bytes += done.blob().size();
        } else if (step instanceof Step.Gone) {
            gone++;
        } else if (step instanceof Step.Failed failed) {
            failures.add(failed);
            if (!options.json()) {
                BlobRevision revision = failed.blob().revision();
                progress.say("FAILED " + directory.path(revision.oid(), revision.tid()) + ": "
                        + failed.failure().getMessage());
            }
        }
    }

    private String storeName() throws IOException {
        return site.bucket().store().name();
    }

    private long untried(List<Candidate> blobs) {
        return blobs.size() - proven - gone - failures.size();
    }

    private void preview(List<Candidate> blobs, BlobDirectory directory) throws IOException {
        if (!options.json()) {
            for (Candidate blob : blobs) {
                console.out()
                        .println(blob.size() + " "
                                + directory.path(
                                        blob.revision().oid(), blob.revision().tid()));
            }
            console.out()
                    .println(Texts.count(blobs.size(), "blob") + ", " + Texts.bytes(totalBytes(blobs))
                            + ", would go to " + storeName());
            return;
        }
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("store", storeName());
            json.writeBooleanField("dry_run", true);
            json.writeNumberField("selected", blobs.size());
            json.writeNumberField("selected_bytes", totalBytes(blobs));
            json.writeArrayFieldStart("blobs");
            for (Candidate blob : blobs) {
                json.writeStartObject();
                writeRevision(json, blob.revision());
                json.writeNumberField("bytes", blob.size());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    static void writeRevision(JsonGenerator json, BlobRevision revision) throws IOException {
        json.writeStringField("oid", Oid.toString(revision.oid()));
        json.writeStringField("tid", Tid.toHex(revision.tid()));
    }

    private void printResult(List<Candidate> blobs) throws IOException {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        console.out()
                .println(String.format(
                        Locale.ROOT,
                        "%,d of %s are proven to be in %s, %,d of them written now, %,d read back; %s in %s (%s/s)",
                        proven,
                        Texts.count(blobs.size(), "blob"),
                        storeName(),
                        written,
                        readBack,
                        Texts.bytes(bytes),
                        Texts.duration((long) seconds),
                        Texts.bytes((long) (bytes / seconds))));
        if (gone > 0) {
            console.out().println(Texts.count(gone, "file") + " had been removed by somebody else meanwhile");
        }
        if (!failures.isEmpty()) {
            console.out().println(Texts.count(failures.size(), "blob") + " failed, and their files are as they were");
        }
        if (untried(blobs) > 0) {
            console.out()
                    .println(Texts.count(untried(blobs), "blob") + " were not tried, since " + storeName()
                            + " is away, or refuses one after the other; run it again");
        }
    }

    private void writeResult(List<Candidate> blobs) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("store", storeName());
            json.writeNumberField("selected", blobs.size());
            json.writeNumberField("selected_bytes", totalBytes(blobs));
            json.writeNumberField("proven", proven);
            json.writeNumberField("proven_bytes", bytes);
            json.writeNumberField("written", written);
            json.writeNumberField("read_back", readBack);
            json.writeNumberField("gone", gone);
            json.writeNumberField("not_tried", untried(blobs));
            json.writeStringField(
                    "local_files",
                    options.afterwards().name().toLowerCase(Locale.ROOT).replace('_', '-'));
            json.writeNumberField("seconds", (System.nanoTime() - startNanos) / 1e9);
            json.writeArrayFieldStart("failed");
            for (Step.Failed failed : failures) {
                json.writeStartObject();
                writeRevision(json, failed.blob().revision());
                json.writeNumberField("bytes", failed.blob().size());
                json.writeStringField("message", failed.failure().getMessage());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }
}
