package io.zeolite.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.client.blob.ArrivingBlob;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheEntry;
import io.zeolite.client.blob.NewEntry;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Blobs on their way from and to the server. */
final class BlobStore implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(BlobStore.class);

    /** As Python's client sends them. */
    private static final int CHUNK_BYTES = 59_000;

    /** How many chunks may be on their way out at a time. */
    private static final int WINDOW = 32;

    private static final int COPY_BYTES = 256 << 10;
    private static final long PAUSE_MILLIS = 10;

    private final BlobDirectory directory;
    private final ServerLink link;
    private final Executor io;

    /** Those that arrive, and those that have failed while the server still sends them. The event loop's. */
    private final Map<Key, BlobDownload> arriving = new HashMap<>();

    private record Key(long oid, long serial) {}

    BlobStore(BlobDirectory directory, ServerLink link, Executor io) {
        this.directory = directory;
        this.link = link;
        this.io = io;
    }

    // Down

    /** Opens a blob, which is fetched first if need be. The caller closes it. */
    CompletableFuture<BlobFile> open(long oid, long serial) {
        if (directory instanceof BlobDirectory.Shared shared) {
            return inBackground(() -> CompletableFuture.completedFuture(shared.open(oid, serial)));
        }
        BlobCache cache = ((BlobDirectory.Cached) directory).cache();
        return inBackground(() -> {
            CacheEntry entry = cache.find(oid, serial);
            return entry != null
                    ? CompletableFuture.completedFuture(BlobFile.of(entry))
                    : join(cache, oid, serial, false)
                            .thenCompose(arriving ->
                                    arriving.isEmpty() ? open(oid, serial) : whole(arriving.get(), cache, oid, serial));
        });
    }

    /** Opens a blob that is read while it arrives if it has to be fetched. The caller closes it. */
    CompletableFuture<OpenBlob> read(long oid, long serial) {
        if (directory instanceof BlobDirectory.Shared shared) {
            return inBackground(() -> {
                BlobFile file = shared.open(oid, serial);
                return CompletableFuture.completedFuture(new OpenBlob.LocalFile(file.channel(), file.size()));
            });
        }
        BlobCache cache = ((BlobDirectory.Cached) directory).cache();
        return inBackground(() -> {
            CacheEntry entry = cache.find(oid, serial);
            return entry != null
                    ? CompletableFuture.completedFuture(entry)
                    : join(cache, oid, serial, true)
                            .thenCompose(arriving -> arriving.map(CompletableFuture::<OpenBlob>completedFuture)
                                    .orElseGet(() -> read(oid, serial)));
        });
    }

    /**
     * Joins those who wait for a blob, or is the first of them.
     *
     * @return nothing if it has come into the cache by another way
     */
    private CompletableFuture<Optional<ArrivingBlob.Reader>> join(
            BlobCache cache, long oid, long serial, boolean passedOn) {
        CompletableFuture<Optional<ArrivingBlob.Reader>> joined = new CompletableFuture<>();
        try {
            link.onLoop(() -> {
                Key key = new Key(oid, serial);
                BlobDownload running = arriving.get(key);
                if (running != null && running.done().isDone()) {
                    // It has failed, and what the server still sends of it must not be taken for another one's.
                    running.over().whenComplete((over, failure) -> {
                        arriving.remove(key, running);
                        ClientCore.relay(join(cache, oid, serial, passedOn), joined);
                    });
                    return;
                }
                BlobDownload download = running == null ? new BlobDownload(this, link, cache, oid, serial) : running;
                if (passedOn) {
                    download.passOn();
                }
                ClientCore.relay(download.opened().thenApply(blob -> blob.map(ArrivingBlob::reader)), joined);
                if (running == null) {
                    arriving.put(key, download);
                    download.over().whenComplete((over, failure) -> arriving.remove(key, download));
                    download.start();
                }
            });
        } catch (RejectedExecutionException e) {
            joined.completeExceptionally(closedReason());
        }
        return joined;
    }

    /** The same blob when all of it is there. */
    private CompletableFuture<BlobFile> whole(ArrivingBlob.Reader arriving, BlobCache cache, long oid, long serial) {
        CompletableFuture<Done> over = new CompletableFuture<>();
        arriving.whenAvailable(OpenBlob.UNKNOWN, () -> over.complete(Done.DONE));
        return over.thenCompose(done -> inBackground(() -> {
                    Throwable failure = arriving.failure();
                    if (failure != null) {
                        return CompletableFuture.failedFuture(failure);
                    }
                    CacheEntry entry = cache.find(oid, serial);
                    // One that got no place in the cache, or lost it already, is still in the file that it came to.
                    return CompletableFuture.completedFuture(BlobFile.of(entry != null ? entry : arriving.file()));
                }))
                // Not in there: after the end of the client that is not run.
                .whenComplete((file, failure) -> letGo(arriving::close));
    }

    /** Takes what the server sends of blobs. On the event loop. */
    void received(String method, PyTuple args) {
        long oid = Wire.id(method, args.get(0));
        long serial = Wire.id(method, args.get(1));
        if (method.equals(Methods.RECEIVE_BLOB_CHUNK)) {
            received(oid, serial, Unpooled.wrappedBuffer(Wire.data(method, args.get(2))));
            return;
        }
        BlobDownload download = arriving.get(new Key(oid, serial));
        if (download != null && method.equals(Methods.RECEIVE_BLOB_START)) {
            download.begin(link.currentConnection());
        } else if (download != null && method.equals(Methods.RECEIVE_BLOB_STOP)) {
            download.stop();
        }
    }

    /** Takes a piece of a blob, which stays the caller's. On the event loop. */
    void received(long oid, long serial, ByteBuf piece) {
        BlobDownload download = arriving.get(new Key(oid, serial));
        if (download == null) {
            LOG.debug("{} bytes of a blob that nobody waits for", piece.readableBytes());
        } else {
            download.add(piece.retain(), link.currentConnection());
        }
    }

    CompletableFuture<@Nullable Object> request(long oid, long serial) {
        return link.call(Methods.SEND_BLOB, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial)), ServerLink.Retry.YES);
    }

    Executor io() {
        return io;
    }

    // Up

    /** An empty file on the file system of the directory. */
    Path newFile() throws IOException {
        Path temporary = directory.temporary();
        Files.createDirectories(temporary);
        return Files.createTempFile(temporary, "zeolite-", ".tmp");
    }

    /** Null if the directory is not that of the server. */
    @Nullable
    Path sharedDirectory(long oid) {
        return directory instanceof BlobDirectory.Shared shared ? shared.objectDirectory(oid) : null;
    }

    /** Sends a blob, after its record. */
    CompletableFuture<Done> upload(TransactionConnection to, Change.Store store) {
        Path file = Objects.requireNonNull(store.blob(), "blob").file();
        return inBackground(() -> {
            if (directory instanceof BlobDirectory.Shared shared) {
                placeShared(shared, to, store, file);
            } else {
                send(to, store, file);
            }
            return Done.future();
        });
    }

    private static void send(TransactionConnection to, Change.Store store, Path file) throws IOException {
        ArrayDeque<CompletableFuture<@Nullable Object>> underWay = new ArrayDeque<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            to.startBlob(store.oid(), store.serial(), store.data());
            while (true) {
                ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
                int length = channel.read(chunk);
                if (length < 0) {
                    break;
                }
                byte[] bytes = length == CHUNK_BYTES ? chunk.array() : Arrays.copyOf(chunk.array(), length);
                underWay.add(to.continueBlob(bytes));
                if (underWay.size() == WINDOW) {
                    underWay.remove().join();
                }
            }
        }
        // A server cannot tell that a piece is missing.
        underWay.forEach(CompletableFuture::join);
        to.endBlob().join();
    }

    private static void placeShared(
            BlobDirectory.Shared shared, TransactionConnection to, Change.Store store, Path file) throws IOException {
        Path home = shared.objectDirectory(store.oid());
        if (home.equals(file.getParent())) {
            sendShared(to, store, file);
            return;
        }
        Files.createDirectories(home);
        Path placed = Files.createTempFile(home, Tid.toString(store.serial()), ".tmp-");
        boolean sent = false;
        try {
            Files.copy(file, placed, StandardCopyOption.REPLACE_EXISTING);
            sendShared(to, store, placed);
            sent = true;
        } finally {
            if (!sent) {
                Files.deleteIfExists(placed);
            }
        }
    }

    private static void sendShared(TransactionConnection to, Change.Store store, Path placed) {
        to.storeSharedBlob(
                        store.oid(),
                        store.serial(),
                        store.data(),
                        placed.getFileName().toString())
                .join();
    }

    /** Puts a blob that the client has committed into the cache, as it is here anyway. A failure is nobody's. */
    CompletableFuture<Done> keep(long oid, long tid, BlobSource blob) {
        if (!(directory instanceof BlobDirectory.Cached cached)) {
            return Done.future();
        }
        return inBackground(() -> {
                    copyIntoCache(cached.cache(), oid, tid, blob.file());
                    return Done.future();
                })
                .exceptionally(failure -> {
                    LOG.debug("a committed blob is not kept: {}", failure.toString());
                    return Done.DONE;
                });
    }

    private static void copyIntoCache(BlobCache cache, long oid, long tid, Path file) throws IOException {
        try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = from.size();
            Optional<NewEntry> begun = cache.begin(oid, tid, size);
            if (begun.isEmpty()) {
                return;
            }
            try (NewEntry entry = begun.get();
                    FileChannel to = entry.channel()) {
                if (entry.hasPlace()) {
                    entry.keep(copy(from, to, size));
                }
            }
        }
    }

    /** @return the checksum of what was copied */
    private static int copy(FileChannel from, FileChannel to, long size) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
        for (long at = 0; at < size; ) {
            buffer.clear().limit((int) Math.min(COPY_BYTES, size - at));
            if (from.read(buffer, at) < 0) {
                throw new IOException(
                        "a blob that was committed has become shorter: " + at + " bytes (expected: " + size + ")");
            }
            crc.update(buffer.flip().duplicate());
            while (buffer.hasRemaining()) {
                at += to.write(buffer, at);
            }
        }
        return (int) crc.getValue();
    }

    /** What waits for the disk. */
    interface Work<T extends @Nullable Object> {
        CompletableFuture<T> run() throws IOException;
    }

    <T extends @Nullable Object> CompletableFuture<T> inBackground(Work<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            io.execute(() -> {
                try {
                    ClientCore.relay(work.run(), result);
                } catch (IOException | RuntimeException | Error e) {
                    result.completeExceptionally(reason(e));
                }
            });
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(closedReason());
        }
        return result;
    }

    /** Why nothing is done any more. */
    Throwable closedReason() {
        return link.closedReason();
    }

    /** Why something has failed: the end of the client closes files that are being read or written. */
    Throwable reason(Throwable failure) {
        Throwable root = Failures.root(failure);
        return root instanceof IOException && link.isClosed() ? closedReason() : root;
    }

    /** Closes something in the background, or here if the client is closed already. */
    void letGo(Closeable resource) {
        Workers.runOrHere(io, () -> {
            try {
                resource.close();
            } catch (IOException e) {
                LOG.debug("cannot clean up behind a blob: {}", e.toString());
            }
        });
    }

    static void pause() throws IOException {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while another process fetches the blob", e);
        }
    }

    @Override
    public void close() throws IOException {
        directory.close();
    }
}
