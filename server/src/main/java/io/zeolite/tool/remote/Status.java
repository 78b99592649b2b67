package io.zeolite.tool.remote;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.client.connection.StatusRequest;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code zeolite status}: how a server is, for people, scripts and monitors, as {@code zeo-nagios} asks. */
public final class Status {
    private static final List<Figure> ALWAYS = List.of(Figure.ACTIVE_TXNS, Figure.CONNECTIONS, Figure.WAITING);

    private final Server server;
    private final Options options;
    private final Console console;
    private final List<String> messages = new ArrayList<>();
    private int level = ExitStatus.OK;

    /** The forms of the answer. */
    public enum Form {
        TEXT,
        JSON,
        /** One message, and performance data behind a bar. */
        NAGIOS
    }

    /**
     * What to look at.
     *
     * @param limits how high figures may be
     * @param ratesFile where to keep the counters until the next time, which makes rates; null for none
     * @param rateUnit per what rates are
     */
    public record Options(
            Form form, Map<Figure, Limit> limits, @Nullable Path ratesFile, Duration rateUnit) {}

    public Status(Server server, Options options, Console console) {
        this.server = server;
        this.options = options;
        this.console = console;
    }

    /**
     * Asks and shows.
     *
     * @return one of the statuses of monitors; a server that does not answer is {@link ExitStatus#CRITICAL}
     * @throws IOException if it cannot be shown
     */
    public int run() throws IOException {
        Map<String, Map<?, ?>> storages = Map.of();
        Instant now = Instant.now();
        try {
            storages = ask();
            if (storages.isEmpty()) {
                raise(ExitStatus.WARNING, "No storages");
            }
        } catch (IOException e) {
            raise(ExitStatus.CRITICAL, String.valueOf(e.getMessage()));
        }
        storages.forEach((name, status) -> judge(name, status, now));
        Map<String, Map<String, Double>> rates = rates(storages, now);
        if (messages.isEmpty()) {
            messages.add("OK");
        }
        switch (options.form()) {
            case TEXT -> showText(storages, now);
            case JSON -> showJson(storages, rates);
            case NAGIOS -> showNagios(storages, rates, now);
        }
        return level;
    }

    private Map<String, Map<?, ?>> ask() throws IOException {
        String answer = StatusRequest.send(server.address(), server.options(), server.timeout());
        Object parsed = Json.read(answer);
        if (!(parsed instanceof Map<?, ?> map)) {
            throw new IOException(server.name() + " answered ruok with something else than a JSON object");
        }
        Map<String, Map<?, ?>> storages = new TreeMap<>();
        map.forEach((name, status) ->
                storages.put(String.valueOf(name), status instanceof Map<?, ?> figures ? figures : Map.of()));
        return storages;
    }

    /** Trouble with their file must not hide how the server is. */
    private Map<String, Map<String, Double>> rates(Map<String, Map<?, ?>> storages, Instant now) {
        Path file = options.ratesFile();
        if (file == null || storages.isEmpty()) {
            return Map.of();
        }
        try {
            return new Rates(file, options.rateUnit()).since(storages, now);
        } catch (IOException e) {
            raise(ExitStatus.WARNING, "cannot keep counters in " + file + ": " + e);
            return Map.of();
        }
    }

    private void judge(String name, Map<?, ?> status, Instant now) {
        if (status.get("failed") instanceof String why) {
            raise(ExitStatus.CRITICAL, "storage " + name + " has failed: " + why);
        }
        if (Figure.lastTransaction(status) == Tid.NONE) {
            raise(ExitStatus.WARNING, "Empty storage '" + name + "'");
        }
        options.limits().forEach((figure, limit) -> {
            Double value = figure.of(status, now);
            int found = value == null ? ExitStatus.OK : limit.levelOf(value);
            if (found != ExitStatus.OK) {
                Double exceeded = found == ExitStatus.CRITICAL ? limit.critical() : (Double) limit.warning();
                raise(
                        found,
                        "storage " + name + ": " + number(value) + " " + figure.description() + " (expected: at most "
                                + number(exceeded) + ")");
            }
        });
    }

    private void raise(int found, String message) {
        level = Math.max(level, found);
        messages.add(message);
    }

    private void showText(Map<String, Map<?, ?>> storages, Instant now) {
        console.out()
                .println(ExitStatus.monitorWord(level)
                        + (level == ExitStatus.OK ? "" : ": " + String.join("; ", messages)));
        storages.forEach((name, status) -> {
            long last = Figure.lastTransaction(status);
            console.out()
                    .printf(
                            "storage %s: %s connections, %s active transactions, %s waiting%n",
                            name, status.get("connections"), status.get("active_txns"), status.get("waiting"));
            Double locked = Figure.LOCK_SECONDS.of(status, now);
            if (locked != null) {
                console.out().println("  locks held for " + number(locked) + " s");
            }
            if (last != Tid.NONE) {
                console.out().println("  last transaction " + Tid.toHex(last) + ", " + Texts.time(last) + " UTC");
            }
            List<String> counters = new ArrayList<>();
            for (String counter : Rates.COUNTERS) {
                counters.add(counter.replace('_', ' ') + " " + status.get(counter));
            }
            console.out().println("  since " + status.get("start") + ": " + String.join(", ", counters));
        });
    }

    private void showJson(Map<String, Map<?, ?>> storages, Map<String, Map<String, Double>> rates) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            json.writeStringField("server", server.name());
            json.writeStringField("status", ExitStatus.monitorWord(level));
            json.writeFieldName("messages");
            Json.write(json, messages);
            json.writeFieldName("storages");
            Json.write(json, storages);
            if (options.ratesFile() != null) {
                json.writeFieldName("rates");
                Json.write(json, rates);
            }
            json.writeEndObject();
        }
    }

    /** In the very form of {@code zeo-nagios -m}, so that what reads that can read this. */
    private void showNagios(Map<String, Map<?, ?>> storages, Map<String, Map<String, Double>> rates, Instant now) {
        List<String> metrics = new ArrayList<>();
        storages.forEach((name, status) -> {
            figures().forEach((figure, limit) -> {
                Double value = figure.of(status, now);
                if (value != null) {
                    metrics.add(label(name, figure.label()) + "=" + number(value) + limit);
                }
            });
        });
        rates.forEach((name, counters) ->
                counters.forEach((counter, rate) -> metrics.add(label(name, counter) + "=" + number(rate))));
        List<String> lines = new ArrayList<>(messages);
        if (!metrics.isEmpty()) {
            lines.set(0, lines.get(0) + "|" + metrics.get(0));
        }
        if (metrics.size() > 1) {
            lines.add("| " + String.join("\n ", metrics.subList(1, metrics.size())));
        }
        lines.forEach(console.out()::println);
    }

    /** The figures for performance data, each with its limits as text. */
    private Map<Figure, String> figures() {
        Map<Figure, String> figures = new LinkedHashMap<>();
        ALWAYS.forEach(figure -> figures.put(figure, ""));
        options.limits()
                .forEach((figure, limit) -> figures.put(
                        figure,
                        ";" + number(limit.warning())
                                + (limit.critical() == null ? "" : ";" + number(limit.critical()))));
        return figures;
    }

    private static String label(String storage, String figure) {
        if (storage.equals("1")) {
            return figure;
        }
        return storage.contains(" ") ? "'" + storage + ":" + figure + "'" : storage + ":" + figure;
    }

    private static String number(@Nullable Double value) {
        if (value == null) {
            return "";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString(value.longValue())
                : String.format(Locale.ROOT, "%.3f", value);
    }
}
