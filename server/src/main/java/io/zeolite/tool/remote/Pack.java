package io.zeolite.tool.remote;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.client.connection.BlockingConnection;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import io.zeolite.tool.Progress;
import io.zeolite.tool.Texts;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** {@code zeolite pack}: has a server pack a storage, as {@code zeopack} does. */
public final class Pack {
    private static final Duration TICK = Duration.ofSeconds(1);

    private final Server server;
    private final Options options;
    private final Console console;

    /**
     * What to pack.
     *
     * @param until what is not current at this time goes
     * @param awaited whether to return when it is done; otherwise at once, and only the server's log tells
     */
    public record Options(String storage, Instant until, boolean awaited, boolean json) {}

    /** The size of a storage. */
    private record Size(long bytes, long objects) {
        static Size of(@Nullable Object info) {
            return info instanceof PyDict dict
                            && dict.get("size") instanceof Long bytes
                            && dict.get("length") instanceof Long objects
                    ? new Size(bytes, objects)
                    : new Size(0, 0);
        }

        @Override
        public String toString() {
            return Texts.bytes(bytes) + ", " + Texts.count(objects, "object");
        }
    }

    public Pack(Server server, Options options, Console console) {
        this.server = server;
        this.options = options;
        this.console = console;
    }

    /**
     * Packs.
     *
     * @return {@link ExitStatus#OK}
     * @throws IOException if the server cannot be reached or refuses
     */
    public int run() throws IOException {
        try (BlockingConnection connection = server.connect(options.storage())) {
            Size before = size(connection);
            long start = System.nanoTime();
            pack(connection);
            double seconds = (System.nanoTime() - start) / 1e9;
            report(before, options.awaited() ? size(connection) : before, seconds);
            return ExitStatus.OK;
        }
    }

    private Size size(BlockingConnection connection) throws IOException {
        return Size.of(connection.call(server.timeout(), Methods.GET_INFO, PyTuple.EMPTY));
    }

    private void pack(BlockingConnection connection) throws IOException {
        double time = options.until().toEpochMilli() / 1e3;
        CompletableFuture<?> answer = connection.async().call(Methods.PACK, PyTuple.of(time, options.awaited()));
        try (Progress progress = new Progress(console, "packing storage " + options.storage(), 0)) {
            await(answer, progress);
        } catch (ExecutionException e) {
            throw Server.refused(e.getCause(), "pack of storage " + options.storage() + " of " + server.name());
        }
    }

    private static void await(CompletableFuture<?> answer, Progress progress) throws IOException, ExecutionException {
        for (long seconds = 1; ; seconds++) {
            try {
                answer.get(TICK.toMillis(), TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                progress.say(seconds + " s");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted; the server goes on packing");
            }
        }
    }

    private void report(Size before, Size after, double seconds) throws IOException {
        if (options.json()) {
            try (JsonGenerator json = Json.document(console.out())) {
                json.writeStartObject();
                json.writeStringField("storage", options.storage());
                json.writeStringField("until", options.until().toString());
                json.writeBooleanField("finished", options.awaited());
                write(json, "before", before);
                if (options.awaited()) {
                    write(json, "after", after);
                    json.writeNumberField("seconds", seconds);
                }
                json.writeEndObject();
            }
        } else if (options.awaited()) {
            console.out()
                    .printf(
                            Locale.ROOT,
                            "storage %s packed to %s UTC in %.1f s: %s -> %s%n",
                            options.storage(),
                            Texts.time(options.until()),
                            seconds,
                            before,
                            after);
        } else {
            console.out()
                    .printf(
                            Locale.ROOT,
                            "storage %s is to be packed to %s UTC: %s now; the server's log says what comes of it%n",
                            options.storage(),
                            Texts.time(options.until()),
                            before);
        }
    }

    private static void write(JsonGenerator json, String name, Size size) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("bytes", size.bytes());
        json.writeNumberField("objects", size.objects());
        json.writeEndObject();
    }
}
