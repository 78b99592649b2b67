package io.zeolite.tool.bucket;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.blob.BucketFinding;
import io.zeolite.blob.BucketFinding.Level;
import io.zeolite.blob.file.DirectoryProbe;
import io.zeolite.blob.s3.BucketProbe;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code zeolite bucket-check}: tries a bucket, and says what an operator should do about it. */
public final class BucketCheck {
    private final String name;
    private final boolean json;
    private final Console console;
    private final List<BucketFinding> findings = new ArrayList<>();

    /** @param name of the bucket, for people */
    public BucketCheck(String name, boolean json, Console console) {
        this.name = name;
        this.json = json;
        this.console = console;
    }

    /**
     * Tries a bucket.
     *
     * @param readOnly whether it is only to be read
     * @return one of the statuses of monitors
     */
    public int run(S3Settings settings, boolean readOnly) throws IOException {
        try (BucketProbe probe = new BucketProbe(settings, readOnly, this::note)) {
            probe.run();
        }
        return conclude();
    }

    /** Tries a directory that plays a bucket. */
    public int run(Path directory, boolean readOnly) throws IOException {
        new DirectoryProbe(directory, readOnly, this::note).run();
        return conclude();
    }

    private void note(BucketFinding finding) {
        findings.add(finding);
        if (json) {
            return;
        }
        console.out()
                .println(String.format(
                        Locale.ROOT, "%-8s %s: %s", word(finding.level()), finding.subject(), finding.found()));
        if (!finding.advice().isEmpty()) {
            console.out().println("         -> " + finding.advice());
        }
    }

    private static String word(Level level) {
        return level == Level.OK ? "ok" : level == Level.WARNING ? "warning" : "ERROR";
    }

    private int level() {
        if (findings.stream().anyMatch(finding -> finding.level() == Level.ERROR)) {
            return ExitStatus.CRITICAL;
        }
        return findings.stream().anyMatch(finding -> finding.level() == Level.WARNING)
                ? ExitStatus.WARNING
                : ExitStatus.OK;
    }

    private int conclude() throws IOException {
        int status = level();
        if (!json) {
            console.out().println(ExitStatus.monitorWord(status) + ": " + name);
            return status;
        }
        try (JsonGenerator document = Json.document(console.out())) {
            document.writeStartObject();
            document.writeStringField("bucket", name);
            document.writeStringField("status", ExitStatus.monitorWord(status));
            document.writeArrayFieldStart("findings");
            for (BucketFinding finding : findings) {
                document.writeStartObject();
                document.writeStringField("level", finding.level().name());
                document.writeStringField("subject", finding.subject());
                document.writeStringField("found", finding.found());
                if (!finding.advice().isEmpty()) {
                    document.writeStringField("advice", finding.advice());
                }
                document.writeEndObject();
            }
            document.writeEndArray();
            document.writeEndObject();
        }
        return status;
    }
}
