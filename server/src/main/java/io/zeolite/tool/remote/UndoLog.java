package io.zeolite.tool.remote;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.client.connection.BlockingConnection;
import io.zeolite.client.connection.UnexpectedAnswerException;
import io.zeolite.error.ZeoException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** {@code zeolite undo-log}: the transactions of a server's storage that can be undone, the newest first. */
public final class UndoLog {
    private static final Set<String> STANDARD = Set.of("id", "time", "user_name", "description", "size");

    private final Server server;
    private final Options options;
    private final Console console;

    /**
     * Which transactions.
     *
     * @param first how many to skip, from 0
     * @param limit how many at most
     * @param user only those of this user; null for all
     * @param description only those with this description; null for all
     */
    public record Options(
            String storage,
            int first,
            int limit,
            @Nullable String user,
            @Nullable String description,
            boolean json) {}

    public UndoLog(Server server, Options options, Console console) {
        this.server = server;
        this.options = options;
        this.console = console;
    }

    /**
     * Asks and shows.
     *
     * @return {@link ExitStatus#OK}
     * @throws IOException if the server cannot be reached or refuses
     */
    public int run() throws IOException {
        List<PyDict> entries;
        try (BlockingConnection connection = server.connect(options.storage())) {
            entries = entries(ask(connection));
        } catch (ZeoException e) {
            throw Server.refused(e, "undo log of storage " + options.storage() + " of " + server.name());
        }
        if (options.json()) {
            try (JsonGenerator json = Json.document(console.out())) {
                Json.write(json, entries);
            }
        } else {
            entries.forEach(this::show);
        }
        return ExitStatus.OK;
    }

    private @Nullable Object ask(BlockingConnection connection) throws IOException {
        // A last that is negative is a number of transactions.
        long first = options.first();
        long last = -options.limit();
        PyDict filter = new PyDict();
        put(filter, "user_name", options.user());
        put(filter, "description", options.description());
        return filter.isEmpty()
                ? connection.call(server.timeout(), Methods.UNDO_LOG, PyTuple.of(first, last))
                : connection.call(server.timeout(), Methods.UNDO_INFO, PyTuple.of(first, last, filter));
    }

    private static void put(PyDict filter, String key, @Nullable String text) {
        if (text != null) {
            filter.put(key, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private List<PyDict> entries(@Nullable Object answer) {
        List<?> list = answer instanceof List<?> given
                ? given
                : answer instanceof PyTuple tuple
                        ? IntStream.range(0, tuple.size()).mapToObj(tuple::get).toList()
                        : null;
        if (list == null || !list.stream().allMatch(PyDict.class::isInstance)) {
            throw new UnexpectedAnswerException(server.name(), Methods.UNDO_LOG, answer, "a list of dicts");
        }
        return list.stream().map(PyDict.class::cast).toList();
    }

    private void show(PyDict entry) {
        StringBuilder line = new StringBuilder();
        line.append("id=").append(text(entry.get("id")));
        if (entry.get("time") instanceof Number seconds) {
            line.append(" time=").append(Texts.time(instant(seconds.doubleValue())));
        }
        line.append(" user=").append(Texts.quoted(text(entry.get("user_name"))));
        line.append(" description=").append(Texts.quoted(text(entry.get("description"))));
        if (entry.get("size") != null) {
            line.append(" size=").append(entry.get("size"));
        }
        for (PyDict.Entry other : entry.entries()) {
            if (!STANDARD.contains(text(other.key()))) {
                line.append(' ').append(text(other.key())).append('=').append(Texts.quoted(text(other.value())));
            }
        }
        console.out().println(line);
    }

    private static Instant instant(double seconds) {
        return Instant.EPOCH.plusNanos(Math.round(seconds * 1e6) * 1000);
    }

    private static String text(@Nullable Object value) {
        return value instanceof byte[] bytes ? Texts.utf8(bytes) : String.valueOf(value);
    }
}
