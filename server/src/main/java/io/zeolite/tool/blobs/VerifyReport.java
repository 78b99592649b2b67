package io.zeolite.tool.blobs;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.BlobTable.Blob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@link Verify} has found, as a text or as JSON. */
final class VerifyReport {
    private final Site site;
    private final Verify.Options options;
    private final Console console;
    private final Map<Flaw.Kind, Long> counts = new EnumMap<>(Flaw.Kind.class);
    private final List<Shown> shown = new ArrayList<>();
    private long repaired;
    private long notVerified;
    private @Nullable String whyNot;

    private record Shown(Flaw flaw, @Nullable Path source) {}

    VerifyReport(Site site, Verify.Options options, Console console) {
        this.site = site;
        this.options = options;
        this.console = console;
    }

    void add(Flaw flaw) {
        counts.merge(flaw.kind(), 1L, Long::sum);
        show(new Shown(flaw, null));
    }

    /** A flaw that is none any more. */
    void repaired(Flaw flaw, Path source) {
        repaired++;
        show(new Shown(flaw, source));
    }

    /**
     * Notes that so many blobs more could not be looked at.
     *
     * @param why shown of the first ones
     */
    void notVerified(long more, String why) {
        if (more > 0 && whyNot == null) {
            whyNot = why;
        }
        notVerified += more;
    }

    private void show(Shown one) {
        if (shown.size() >= options.shown()) {
            return;
        }
        shown.add(one);
        if (!options.json()) {
            Flaw flaw = one.flaw();
            console.out()
                    .println((one.source() == null ? "ERROR " : "repaired ")
                            + flaw.kind().text()
                            + (flaw.revision() == null ? "" : " " + flaw.revision()) + ": " + flaw.message()
                            + (one.source() == null ? "" : "; taken from " + one.source()));
        }
    }

    private long errors() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    int level() {
        if (notVerified > 0) {
            return ExitStatus.UNKNOWN;
        }
        return errors() > 0 ? ExitStatus.CRITICAL : ExitStatus.OK;
    }

    /** Ends it with what was looked at. */
    void conclude(List<Blob> blobs, Inventory inventory) throws IOException {
        Map<String, Long> figures = figures(blobs, inventory);
        if (options.json()) {
            write(figures);
            return;
        }
        if (errors() + repaired > shown.size()) {
            console.out().println("... " + Texts.count(errors() + repaired - shown.size(), "more", "more"));
        }
        StringBuilder text = new StringBuilder();
        figures.forEach((name, value) -> text.append(text.isEmpty() ? "" : ", ")
                .append(name.replace('_', ' '))
                .append(' ')
                .append(name.endsWith("bytes") ? Texts.bytes(value) : value));
        console.out().println("storage " + site.name() + ": " + text);
        if (notVerified > 0) {
            console.out().println(Texts.count(notVerified, "blob") + " not verified: " + whyNot);
        }
        StringBuilder kinds = new StringBuilder();
        counts.forEach(
                (kind, count) -> kinds.append(", ").append(count).append(' ').append(kind.text()));
        console.out()
                .println(ExitStatus.monitorWord(level()) + ": " + Texts.count(errors(), "error") + kinds + ", "
                        + repaired + " repaired"
                        + (repaired > 0 ? " in " + site.blobDirectory().toAbsolutePath() : "")
                        + (options.deep() ? "" : "; the bytes were not read (--deep)"));
    }

    private static Map<String, Long> figures(List<Blob> blobs, Inventory inventory) {
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("blobs", (long) blobs.size());
        figures.put(
                "bytes",
                blobs.stream().mapToLong(blob -> Math.max(0, blob.size())).sum());
        figures.put("local", blobs.stream().filter(Blob::isLocal).count());
        figures.put("in_bucket", blobs.stream().filter(Blob::isStored).count());
        figures.put("cached", blobs.stream().filter(Blob::isCached).count());
        long[] orphans = new long[1];
        inventory.table().forEach(blob -> orphans[0] += !blob.recorded() && blob.isStored() ? 1 : 0);
        figures.put("orphans_in_bucket", orphans[0]);
        return figures;
    }

    private void write(Map<String, Long> figures) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("storage", site.name());
            json.writeStringField("status", ExitStatus.monitorWord(level()));
            json.writeBooleanField("deep", options.deep());
            for (Map.Entry<String, Long> figure : figures.entrySet()) {
                json.writeNumberField(figure.getKey(), figure.getValue());
            }
            json.writeNumberField("errors", errors());
            json.writeNumberField("repaired", repaired);
            json.writeStringField(
                    "blob_directory", site.blobDirectory().toAbsolutePath().toString());
            json.writeNumberField("not_verified", notVerified);
            if (whyNot != null) {
                json.writeStringField("not_verified_reason", whyNot);
            }
            json.writeObjectFieldStart("counts");
            for (Map.Entry<Flaw.Kind, Long> count : counts.entrySet()) {
                json.writeNumberField(count.getKey().text(), count.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("problems");
            for (Shown one : shown) {
                json.writeStartObject();
                json.writeStringField("kind", one.flaw().kind().text());
                if (one.flaw().revision() != null) {
                    Archive.writeRevision(json, one.flaw().revision());
                }
                json.writeStringField("message", one.flaw().message());
                if (one.source() != null) {
                    json.writeStringField("repaired_from", one.source().toString());
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }
}
