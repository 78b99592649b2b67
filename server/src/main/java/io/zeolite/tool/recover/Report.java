package io.zeolite.tool.recover;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a recovery has saved and what it has not. */
final class Report {
    private final Recover.Options options;
    private final long inputBytes;
    private final long outputBytes;
    private final Salvage salvage;
    private final List<Loss> losses;
    private final long undoneBytes;
    private final @Nullable String tail;
    private final long end;
    private final PositionIndex index;

    /**
     * @param tail why what is behind {@code end} was not committed; null if there is nothing, or it is among the losses
     * @param index the objects that the output has
     */
    Report(
            Recover.Options options,
            long inputBytes,
            long outputBytes,
            Salvage salvage,
            List<Loss> losses,
            long undoneBytes,
            @Nullable String tail,
            long end,
            PositionIndex index) {
        this.options = options;
        this.inputBytes = inputBytes;
        this.outputBytes = outputBytes;
        this.salvage = salvage;
        this.losses = losses;
        this.undoneBytes = undoneBytes;
        this.tail = tail;
        this.end = end;
        this.index = index;
    }

    void show(PrintStream out, boolean json) throws IOException {
        if (json) {
            try (JsonGenerator generator = Json.document(out)) {
                write(generator);
            }
        } else {
            print(out);
        }
    }

    /** Whether the output has nothing at all of an object. */
    private boolean isGone(long oid) {
        return index.get(oid) == 0;
    }

    private void print(PrintStream out) {
        for (Loss loss : losses) {
            out.println("LOST " + loss.start() + " to " + loss.end() + " ("
                    + Texts.count(loss.end() - loss.start(), "byte")
                    + (loss.tid() == null ? "" : ", transaction " + Tid.toHex(loss.tid())) + "): " + loss.message());
            for (int i = 0; i < loss.oids().size(); i++) {
                long oid = loss.oids().get(i);
                out.println("  object " + Oid.toString(oid) + " tid="
                        + Tid.toHex(loss.tids().get(i))
                        + (isGone(oid) ? ": the object is gone" : ": other revisions are there"));
            }
        }
        if (tail != null) {
            out.println("NOT COMMITTED " + end + " to " + inputBytes + ": " + tail);
        }
        out.println(Texts.count(salvage.copied(), "transaction") + " with "
                + Texts.count(salvage.records(), "record") + " of "
                + Texts.count(index.size(), "object") + " copied to " + options.output() + " ("
                + Texts.bytes(outputBytes) + " of " + Texts.bytes(inputBytes) + ")");
        line(out, salvage.inPart(), "transaction", "copied in part");
        line(out, salvage.repaired(), "transaction", "got another tid or status, since theirs was damaged");
        line(out, undoneBytes, "byte", "of undone transactions left out");
        line(out, lostBytes(), "byte", "lost in " + Texts.count(losses.size(), "place"));
    }

    private static void line(PrintStream out, long number, String what, String text) {
        if (number > 0) {
            out.println(Texts.count(number, what) + " " + text);
        }
    }

    private long lostBytes() {
        return losses.stream().mapToLong(loss -> loss.end() - loss.start()).sum();
    }

    private void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("input", options.input().toString());
        json.writeStringField("output", options.output().toString());
        json.writeNumberField("input_bytes", inputBytes);
        json.writeNumberField("output_bytes", outputBytes);
        json.writeNumberField("transactions", salvage.copied());
        json.writeNumberField("partial_transactions", salvage.inPart());
        json.writeNumberField("repaired_transactions", salvage.repaired());
        json.writeNumberField("records", salvage.records());
        json.writeNumberField("objects", index.size());
        json.writeNumberField("undone_bytes", undoneBytes);
        json.writeNumberField("lost_bytes", lostBytes());
        if (tail != null) {
            json.writeObjectFieldStart("not_committed");
            json.writeNumberField("start", end);
            json.writeStringField("message", tail);
            json.writeEndObject();
        }
        json.writeArrayFieldStart("lost");
        for (Loss loss : losses) {
            write(json, loss);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void write(JsonGenerator json, Loss loss) throws IOException {
        json.writeStartObject();
        json.writeNumberField("start", loss.start());
        json.writeNumberField("end", loss.end());
        json.writeStringField("message", loss.message());
        if (loss.tid() != null) {
            json.writeStringField("tid", Tid.toHex(loss.tid()));
        }
        json.writeArrayFieldStart("revisions");
        for (int i = 0; i < loss.oids().size(); i++) {
            json.writeStartObject();
            json.writeStringField("oid", Oid.toString(loss.oids().get(i)));
            json.writeStringField("tid", Tid.toHex(loss.tids().get(i)));
            json.writeStringField("lost", isGone(loss.oids().get(i)) ? "object" : "revision");
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
