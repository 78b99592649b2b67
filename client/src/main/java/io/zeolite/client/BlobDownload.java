package io.zeolite.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheEntry;
import io.zeolite.client.blob.NewEntry;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.client.connection.ZeoConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A blob that arrives. Chunks come on the event loop, are queued, and written by one thread at a time of the pool for
 * files; when too much waits, nothing more is read from the server.
 */
final class BlobDownload {
    private static final long MOST_QUEUED_BYTES = 8L << 20;
    private static final long FEW_QUEUED_BYTES = 2L << 20;
    /** Few large writes cost the system two thirds of what many small ones do. */
    private static final long BYTES_AT_ONCE = 1L << 20;

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

    private final AtomicInteger askers = new AtomicInteger();

    // Guarded by the queue.
    private final ArrayDeque<Step> queue = new ArrayDeque<>();
    private long queuedBytes;
    private boolean writing;
    private @Nullable ZeoConnection heldBack;

    // Whoever writes.
    private volatile @Nullable NewEntry entry;
    private long written;
    private volatile boolean broken;
    private final CRC32C crc = new CRC32C();

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

    /** One more who will {@link #open} it. On the event loop, before it is done. */
    void join() {
        askers.incrementAndGet();
    }

    void start() {
        store.inBackground(this::prepare).whenComplete((begun, failure) -> {
            if (failure != null) {
                end(failure);
            } else if (begun != null && !begun) {
                end(null);
            } else {
                store.request(oid, serial).whenComplete((answer, refused) -> {
                    if (refused != null) {
                        end(refused);
                    } else {
                        enqueue(Step.STOP, null);
                    }
                });
            }
        });
    }

    /** @return false if another process has fetched it meanwhile */
    private CompletableFuture<Boolean> prepare() throws IOException {
        while (true) {
            Optional<NewEntry> begun = cache.begin(oid, serial, 0);
            if (begun.isPresent()) {
                entry = begun.get();
                return CompletableFuture.completedFuture(true);
            } else if (cache.contains(oid, serial)) {
                return CompletableFuture.completedFuture(false);
            }
            BlobStore.pause();
        }
    }

    /** The server begins to send it, perhaps not for the first time. On the event loop. */
    void begin(@Nullable ZeoConnection from) {
        enqueue(Step.START, from);
    }

    /** Takes a piece, which is released when it has been written. On the event loop. */
    void add(ByteBuf piece, @Nullable ZeoConnection from) {
        enqueue(new Step(Kind.PIECE, piece), from);
    }

    private void enqueue(Step step, @Nullable ZeoConnection from) {
        synchronized (queue) {
            queue.add(step);
            queuedBytes += step.bytes();
            if (queuedBytes > MOST_QUEUED_BYTES && heldBack == null && from != null) {
                heldBack = from;
                from.read(false);
            }
            if (writing || (step.kind() == Kind.PIECE && queuedBytes < BYTES_AT_ONCE)) {
                return;
            }
            writing = true;
        }
        try {
            store.io().execute(this::write);
        } catch (RejectedExecutionException e) {
            broken = true;
            write();
            end(new ServerUnavailableException("the client was closed", e));
        }
    }

    private void write() {
        for (List<Step> steps = next(); !steps.isEmpty(); steps = next()) {
            try {
                if (!broken) {
                    perform(steps);
                }
            } catch (IOException | RuntimeException e) {
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
        NewEntry arriving = entry;
        if (arriving == null || done.isDone()) {
            return;
        }
        switch (steps.get(0).kind()) {
            case START -> {
                written = 0;
                crc.reset();
            }
            case PIECE -> write(pieces(steps), arriving);
            case STOP -> {
                arriving.cut(written);
                arriving.keep((int) crc.getValue());
                end(null);
            }
        }
    }

    private static ByteBuffer[] pieces(List<Step> steps) {
        return steps.stream()
                .flatMap(step -> Arrays.stream(step.piece().nioBuffers()))
                .toArray(ByteBuffer[]::new);
    }

    private void write(ByteBuffer[] pieces, NewEntry arriving) throws IOException {
        long end = written;
        for (ByteBuffer piece : pieces) {
            end += piece.remaining();
            crc.update(piece.duplicate());
        }
        if (end > arriving.size()) {
            long room = Math.min(2 * arriving.size(), arriving.size() + MOST_ROOM_AT_ONCE);
            arriving.grow(Math.max(Math.max(end, room), LEAST_ROOM));
        }
        FileChannel file = arriving.channel().position(written);
        while (written < end) {
            written += file.write(pieces);
        }
    }

    private void end(@Nullable Throwable failure) {
        Runnable tell = () -> {
            if (failure == null) {
                done.complete(Done.DONE);
            } else if (done.completeExceptionally(failure)) {
                // Nothing comes any more. What waits for more to be written with it is given back.
                broken = true;
                enqueue(Step.STOP, null);
                release();
            }
        };
        try {
            link.onLoop(tell);
        } catch (RejectedExecutionException e) {
            tell.run();
        }
    }

    /** The blob, for one of those who have joined, after it is done. Waits for the disk. */
    BlobFile open() throws IOException {
        try {
            CacheEntry found = cache.find(oid, serial);
            NewEntry arrived = entry;
            if (found != null) {
                return BlobFile.of(found);
            } else if (arrived == null) {
                throw new IOException("the blob was fetched and removed again by another process");
            }
            return copy(arrived.channel());
        } finally {
            if (askers.decrementAndGet() == 0) {
                release();
            }
        }
    }

    /** For a blob that got no place in the cache, or lost it already: a file of the asker's own. */
    private BlobFile copy(FileChannel from) throws IOException {
        Path file = Files.createTempFile("zeolite-blob-", ".tmp");
        try (FileChannel to = FileChannel.open(file, StandardOpenOption.WRITE)) {
            long size = from.size();
            for (long at = 0; at < size; ) {
                at += from.transferTo(at, size - at, to);
            }
            return BlobFile.of(file, true);
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private void release() {
        NewEntry ended = entry;
        entry = null;
        if (ended == null) {
            return;
        }
        store.inBackground(() -> {
            ended.close();
            ended.channel().close();
            return Done.future();
        });
    }
}
