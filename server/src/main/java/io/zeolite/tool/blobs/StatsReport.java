package io.zeolite.tool.blobs;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.Stats.Breakdown;
import io.zeolite.tool.blobs.Stats.Sum;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Sums of blobs, as tables with bars or as JSON. */
final class StatsReport {
    private static final int BAR = 30;

    private final String storage;
    private final Sum total;
    private final List<Breakdown> breakdowns;

    StatsReport(String storage, Sum total, List<Breakdown> breakdowns) {
        this.storage = storage;
        this.total = total;
        this.breakdowns = breakdowns;
    }

    void print(PrintStream out) {
        out.println(
                "storage " + storage + ": " + Texts.count(total.count(), "blob") + ", " + Texts.bytes(total.bytes()));
        breakdowns.forEach(breakdown -> print(out, breakdown));
    }

    private void print(PrintStream out, Breakdown breakdown) {
        if (breakdown.sums().isEmpty()) {
            return;
        }
        out.println();
        out.println(breakdown.title());
        int width = breakdown.sums().keySet().stream()
                .mapToInt(String::length)
                .max()
                .orElse(0);
        long most =
                breakdown.sums().values().stream().mapToLong(Sum::bytes).max().orElse(0);
        for (Map.Entry<String, Sum> entry : breakdown.sums().entrySet()) {
            Sum sum = entry.getValue();
            String bar = "#".repeat(most == 0 ? 0 : (int) Math.ceil((double) BAR * sum.bytes() / most));
            String line = String.format(
                    Locale.ROOT,
                    "  %-" + width + "s %,11d %12s %3d %%  %s",
                    entry.getKey(),
                    sum.count(),
                    Texts.bytes(sum.bytes()),
                    total.bytes() == 0 ? 0 : Math.round(100.0 * sum.bytes() / total.bytes()),
                    bar);
            out.println(line.stripTrailing());
        }
    }

    void write(PrintStream out) throws IOException {
        try (JsonGenerator json = Json.document(out)) {
            json.writeStartObject();
            json.writeStringField("storage", storage);
            json.writeNumberField("blobs", total.count());
            json.writeNumberField("bytes", total.bytes());
            for (Breakdown breakdown : breakdowns) {
                json.writeArrayFieldStart(breakdown.name());
                for (Map.Entry<String, Sum> entry : breakdown.sums().entrySet()) {
                    json.writeStartObject();
                    json.writeStringField("label", entry.getKey());
                    json.writeNumberField("blobs", entry.getValue().count());
                    json.writeNumberField("bytes", entry.getValue().bytes());
                    json.writeEndObject();
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        }
    }
}
