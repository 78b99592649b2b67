package io.zeolite.tool.check;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes down problems as they are found, the first ones of each kind, and counts them all. */
final class Findings implements Closeable {
    private final Console console;
    private final Path path;
    private final int shownOfEach;
    private final @Nullable JsonGenerator json;
    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);

    Findings(Console console, Path path, int shownOfEach, boolean asJson) throws IOException {
        this.console = console;
        this.path = path;
        this.shownOfEach = shownOfEach;
        this.json = asJson ? Json.document(console.out()) : null;
        if (json != null) {
            json.writeStartObject();
            json.writeStringField("path", path.toString());
            json.writeArrayFieldStart("problems");
        }
    }

    void add(Problem problem) throws IOException {
        if (counts.merge(problem.kind(), 1L, Long::sum) <= shownOfEach) {
            if (json != null) {
                write(json, problem);
            } else {
                console.out().println(line(problem));
            }
        }
    }

    private static void write(JsonGenerator json, Problem problem) throws IOException {
        json.writeStartObject();
        json.writeStringField("kind", name(problem.kind()));
        json.writeStringField("level", ExitStatus.monitorWord(problem.kind().level()));
        if (problem.offset() != null) {
            json.writeNumberField("offset", problem.offset());
        }
        if (problem.oid() != null) {
            json.writeStringField("oid", Oid.toString(problem.oid()));
        }
        if (problem.tid() != null) {
            json.writeStringField("tid", Tid.toHex(problem.tid()));
        }
        json.writeStringField("message", problem.message());
        json.writeEndObject();
    }

    private static String line(Problem problem) {
        int level = problem.kind().level();
        String word = level == ExitStatus.OK ? "note" : level == ExitStatus.WARNING ? "warning" : "ERROR";
        return word + " " + name(problem.kind())
                + (problem.offset() == null ? "" : " at " + problem.offset())
                + (problem.oid() == null ? "" : " object " + Oid.toString(problem.oid()))
                + (problem.tid() == null ? "" : " tid " + Tid.toHex(problem.tid()))
                + ": " + problem.message();
    }

    private static String name(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The worst of what was found. */
    int level() {
        return counts.keySet().stream().mapToInt(Kind::level).max().orElse(ExitStatus.OK);
    }

    /** Ends the list with what was looked at, by name. */
    void conclude(Map<String, Object> figures) throws IOException {
        if (json == null) {
            counts.forEach((kind, count) -> {
                if (count > shownOfEach) {
                    console.out().println("... " + Texts.count(count - shownOfEach, "more") + " of " + name(kind));
                }
            });
            StringBuilder text = new StringBuilder();
            figures.forEach((name, value) -> text.append(text.isEmpty() ? "" : ", ")
                    .append(name.replace('_', ' '))
                    .append(' ')
                    .append(value));
            console.out().println(path + ": " + text);
            console.out().println(ExitStatus.monitorWord(level()) + ": " + summary());
            return;
        }
        json.writeEndArray();
        json.writeObjectFieldStart("counts");
        for (Map.Entry<Kind, Long> entry : counts.entrySet()) {
            json.writeNumberField(name(entry.getKey()), entry.getValue());
        }
        json.writeEndObject();
        for (Map.Entry<String, Object> figure : figures.entrySet()) {
            json.writeFieldName(figure.getKey());
            Json.write(json, figure.getValue());
        }
        json.writeStringField("status", ExitStatus.monitorWord(level()));
        json.writeEndObject();
    }

    private String summary() {
        long errors = count(ExitStatus.CRITICAL);
        long warnings = count(ExitStatus.WARNING);
        return errors + warnings == 0
                ? "nothing wrong was found"
                : Texts.count(errors, "error") + ", " + Texts.count(warnings, "warning");
    }

    private long count(int level) {
        return counts.entrySet().stream()
                .filter(entry -> entry.getKey().level() == level)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    @Override
    public void close() throws IOException {
        if (json != null) {
            json.close();
        }
        console.out().flush();
    }
}
