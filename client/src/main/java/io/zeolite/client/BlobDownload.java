package io.zeolite.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.client.blob.ArrivingBlob;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.NewEntry;
import io.zeolite.client.connection.DisconnectedException;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.client.connection.ZeoConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A blob that arrives, and can be read meanwhile. Chunks come on the event loop, are queued, and written by one thread at
 * a time of the pool for files; when too much waits, nothing more is read from the server.
 *
 * <p>A connection that breaks is followed by another one, on which the server begins anew: what readers have already is
 * compared, and not written again.
 */
final class BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownload.class);

    private static final long MOST_QUEUED_BYTES = 8L << 20;
    private static final long FEW_QUEUED_BYTES = 2L << 20;
    /** Few large writes cost the system two thirds of what many small ones do. */
    private static final long BYTES_AT_ONCE = 1L << 20;

    /** For so long what has come waits for more to be written with it. */
    private static final Duration PATIENCE = Duration.ofMillis(2);

    /** As long as somebody waits. */
    private static final Duration FOR_EVER = Duration.ofDays(36_500);

    private static final long LEAST_ROOM = 256L << 10;
    private static final long MOST_ROOM_AT_ONCE = 64L << 20;

    /** What is to be done for the file, in turn. */
    private record Step(Kind kind, ByteBuf piece) {
        static final Step START = new Step(Kind.START, Unpooled.EMPTY_BUFFER);
        static final Step STOP = new Step(Kind.STOP, Unpooled.EMPTY_BUFFER);

        int bytes() {
            return piece.readableBytes();
        }
    }

    private enum Kind {
        /** It begins, perhaps anew. */
        START,
        PIECE,
        /** It is complete. */
        STOP
    }

    private final BlobStore store;
    private final ServerLink link;
    private final BlobCache cache;
    private final long oid;
    private final long serial;

    /** On the event loop. */
    private final CompletableFuture<Done> done = new CompletableFuture<>();

    /** When the server sends nothing more of it, if it was asked at all. */
    private final CompletableFuture<Done> answered = new CompletableFuture<>();

    /** Completes when there is a file; with nothing if the blob has come into the cache by another way. */
    private final CompletableFuture<Optional<ArrivingBlob>> opened = new CompletableFuture<>();

    /** Whether somebody passes it on while it arrives. The event loop's. */
    private boolean passedOn;

    /** Whether the server has sent the end of it. The event loop's. */
    private boolean stopped;

    // Guarded by the queue.
    private final ArrayDeque<Step> queue = new ArrayDeque<>();
    private long queuedBytes;
    private boolean writing;
    /** How often writing has begun. */
    private long runs;

    private boolean nudgeAwaited;
    private @Nullable ZeoConnection heldBack;

    // Whoever writes.
    private volatile @Nullable Arrival arrival;
    private long written;
    private volatile boolean broken;
    private final CRC32C crc = new CRC32C();

    /** How many bytes readers have been told of, and their checksum. */
    private volatile long told;

    private long toldCrc;

    /** Where it goes, and those who read it there. */
    private record Arrival(NewEntry entry, ArrivingBlob blob) {}

    BlobDownload(BlobStore store, ServerLink link, BlobCache cache, long oid, long serial) {
        this.store = store;
        this.link = link;
        this.cache = cache;
        this.oid = oid;
        this.serial = serial;
    }

    CompletableFuture<Done> done() {
        return done;
    }

    /** Completes, or fails, when it is done and the server sends nothing more of it. On the event loop. */
    CompletableFuture<?> over() {
        return CompletableFuture.allOf(answered, done);
    }

    CompletableFuture<Optional<ArrivingBlob>> opened() {
        return opened;
    }

    /** Somebody will pass it on while it arrives. On the event loop. */
    void passOn() {
        passedOn = true;
    }

    void start() {
        store.inBackground(this::prepare).whenComplete((begun, failure) -> {
            if (failure != null) {
                answered.complete(Done.DONE);
                end(failure);
            } else if (begun != null && !begun) {
                answered.complete(Done.DONE);
                end(null);
            } else {
                request();
            }
        });
    }

    /** @return false if another process has fetched it meanwhile */
    private CompletableFuture<Boolean> prepare() throws IOException {
        while (true) {
            Optional<NewEntry> begun = cache.begin(oid, serial, 0);
            if (begun.isPresent()) {
                Arrival begins = arrival(begun.get());
                arrival = begins;
                opened.complete(Optional.of(begins.blob()));
                return CompletableFuture.completedFuture(true);
            } else if (cache.contains(oid, serial)) {
                opened.complete(Optional.empty());
                return CompletableFuture.completedFuture(false);
            }
            BlobStore.pause();
        }
    }

    private static Arrival arrival(NewEntry entry) throws IOException {
        try {
            return new Arrival(entry, new ArrivingBlob(entry));
        } catch (IOException e) {
            // There are no readers who would close it.
            entry.channel().close();
            entry.close();
            throw e;
        }
    }

    private void request() {
        store.request(oid, serial).whenComplete((answer, refused) -> {
            if (refused instanceof DisconnectedException && passedOn && told > 0 && !done.isDone()) {
                // Whoever has been sent the beginning must get the end: Python's client keeps what it has if its
                // connection breaks, and appends to it at its next attempt.
                LOG.info("the rest of a blob is waited for: {}", refused.getMessage());
                link.connection(FOR_EVER).whenComplete((connection, lost) -> {
                    if (lost == null) {
                        request();
                    } else {
                        answered.complete(Done.DONE);
                        end(lost);
                    }
                });
                return;
            }
            answered.complete(Done.DONE);
            if (refused != null) {
                end(refused);
            } else if (stopped) {
                enqueue(Step.STOP, null);
            } else {
                // Python's server answers so if it cannot read the rest.
                end(new IOException("the server has not sent the end of a blob"));
            }
        });
    }

    /** The server begins to send it, perhaps not for the first time. On the event loop. */
    void begin(@Nullable ZeoConnection from) {
        stopped = false;
        enqueue(Step.START, from);
    }

    /** The server has sent the end of it. On the event loop. */
    void stop() {
        stopped = true;
    }

    /** Takes a piece, which is released when it has been written. On the event loop. */
    void add(ByteBuf piece, @Nullable ZeoConnection from) {
        enqueue(new Step(Kind.PIECE, piece), from);
    }

    private void enqueue(Step step, @Nullable ZeoConnection from) {
        synchronized (queue) {
            queue.add(step);
            queuedBytes += step.bytes();
            if (queuedBytes > MOST_QUEUED_BYTES && from != null) {
                // Each time: another download may have let the connection go on.
                heldBack = from;
                from.read(false);
            }
            if (writing) {
                return;
            }
            if (step.kind() == Kind.PIECE && queuedBytes < BYTES_AT_ONCE) {
                awaitNudge();
                return;
            }
            begins();
        }
        startWriting();
    }

    private void begins() {
        writing = true;
        runs++;
    }

    /** Has the queue written if nothing has made that happen meanwhile. Guarded by the queue. */
    private void awaitNudge() {
        if (!nudgeAwaited) {
            nudgeAwaited = true;
            long before = runs;
            link.afterwards(PATIENCE, () -> nudge(before));
        }
    }

    private void nudge(long runsBefore) {
        synchronized (queue) {
            nudgeAwaited = false;
            if (writing || queue.isEmpty()) {
                return;
            }
            if (runs != runsBefore) {
                awaitNudge();
                return;
            }
            begins();
        }
        startWriting();
    }

    private void startWriting() {
        try {
            store.io().execute(this::write);
        } catch (RejectedExecutionException e) {
            broken = true;
            write();
            end(store.closedReason());
        }
    }

    private void write() {
        for (List<Step> steps = next(); !steps.isEmpty(); steps = next()) {
            try {
                if (!broken) {
                    perform(steps);
                }
            } catch (IOException | RuntimeException | Error e) {
                broken = true;
                end(e);
            } finally {
                steps.forEach(step -> step.piece().release());
            }
        }
    }

    /** Pieces that follow each other, or one step of another kind; nothing if this thread has nothing more to do. */
    private List<Step> next() {
        List<Step> steps = new ArrayList<>();
        synchronized (queue) {
            long bytes = 0;
            while (!queue.isEmpty() && (steps.isEmpty() || (bytes < BYTES_AT_ONCE && arePieces(steps, queue.peek())))) {
                Step step = queue.remove();
                steps.add(step);
                bytes += step.bytes();
            }
            queuedBytes -= bytes;
            writing = !steps.isEmpty();
            if (heldBack != null && queuedBytes <= FEW_QUEUED_BYTES) {
                heldBack.read(true);
                heldBack = null;
            }
        }
        return steps;
    }

    private static boolean arePieces(List<Step> steps, Step following) {
        return steps.get(0).kind() == Kind.PIECE && following.kind() == Kind.PIECE;
    }

    private void perform(List<Step> steps) throws IOException {
        Arrival arriving = arrival;
        if (arriving == null || done.isDone()) {
            return;
        }
        switch (steps.get(0).kind()) {
            case START -> {
                written = 0;
                crc.reset();
            }
            case PIECE -> write(pieces(steps), arriving);
            case STOP -> complete(arriving);
        }
    }

    private void complete(Arrival arriving) throws IOException {
        if (written < told) {
            throw new IOException("the blob ends at " + written + " bytes (expected: at least the " + told
                    + " that had come when the connection broke)");
        }
        arriving.entry().cut(written);
        try {
            arriving.entry().keep((int) crc.getValue());
        } catch (IOException e) {
            LOG.warn("a blob has been fetched but cannot be kept in the cache: {}", e.toString());
        }
        arriving.blob().complete(written);
        end(null);
    }

    private static ByteBuffer[] pieces(List<Step> steps) {
        // Without a stream, which takes long to be fast: many a program downloads one blob and ends.
        List<ByteBuffer> pieces = new ArrayList<>(2 * steps.size());
        for (Step step : steps) {
            if (step.piece().nioBufferCount() == 1) {
                pieces.add(step.piece().nioBuffer());
            } else {
                Collections.addAll(pieces, step.piece().nioBuffers());
            }
        }
        return pieces.toArray(new ByteBuffer[0]);
    }

    private void write(ByteBuffer[] pieces, Arrival arriving) throws IOException {
        long end = written;
        for (ByteBuffer piece : pieces) {
            if (end < told) {
                end += compare(piece, end);
            }
            end += piece.remaining();
            crc.update(piece.duplicate());
        }
        if (end <= told) {
            written = end;
            return;
        }
        NewEntry entry = arriving.entry();
        if (end > entry.size()) {
            long room = Math.min(2 * entry.size(), entry.size() + MOST_ROOM_AT_ONCE);
            // Not more than there could be, which would leave a blob that fits without a place.
            entry.grow(Math.max(end, Math.min(Math.max(room, LEAST_ROOM), cache.limitBytes())));
        }
        entry.write(Math.max(written, told), pieces);
        written = end;
        toldCrc = crc.getValue();
        told = end;
        arriving.blob().arrived(end);
    }

    /** Takes from a piece what has come before. */
    private int compare(ByteBuffer piece, long position) throws IOException {
        int known = (int) Math.min(piece.remaining(), told - position);
        crc.update(piece.slice(piece.position(), known));
        piece.position(piece.position() + known);
        if (position + known == told && crc.getValue() != toldCrc) {
            throw new IOException(
                    "the first " + told + " bytes of a blob are not those that had come when the connection broke");
        }
        return known;
    }

    private void end(@Nullable Throwable cause) {
        Throwable failure = cause == null ? null : store.reason(cause);
        Runnable tell = () -> {
            if (failure == null ? done.complete(Done.DONE) : done.completeExceptionally(failure)) {
                if (failure != null) {
                    // Nothing comes any more. What waits for more to be written with it is given back.
                    broken = true;
                    enqueue(Step.STOP, null);
                }
                letGo(failure);
            }
        };
        try {
            link.onLoop(tell);
        } catch (RejectedExecutionException e) {
            tell.run();
        }
    }

    private void letGo(@Nullable Throwable failure) {
        Arrival ended = arrival;
        arrival = null;
        if (failure != null) {
            opened.completeExceptionally(failure);
        }
        if (ended == null) {
            return;
        }
        if (failure != null) {
            ended.blob().fail(failure);
        }
        store.letGo(() -> {
            try {
                ended.entry().close();
            } finally {
                ended.blob().release();
            }
        });
    }
}
