package io.zeolite.blob.tier;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.client.blob.ArrivingBlob;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.NewEntry;
import io.zeolite.error.ZeoException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches one blob into the cache, on one thread, while others read what has come. A connection that breaks is followed by
 * another one for the rest, a limited number of times without getting ahead.
 *
 * <p>Nobody gets the last byte before all of them have been found to be the right ones: a blob whose length or checksum is
 * wrong, or which never comes to its end, is a failure for all who read it, and not kept.
 */
final class Download {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);

    /**
     * Pieces begin at multiples of this in the file: parts of the system's pages cost it a quarter more. Larger ones wake the readers less
     * often; much larger ones leave the processor's cache between the store's connection, the checksum and the file.
     */
    private static final int BUFFER_BYTES = 512 << 10;

    /** For so long what has come waits for more to fill a buffer: each piece costs every reader a message. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final long PAUSE_MILLIS = 20;

    private final BlobStore store;
    private final String key;
    private final BlobRevision revision;
    private final BlobCache cache;
    private final Attempts attempts;
    private final Function<Throwable, ZeoException> translation;

    /** Completes when the size is known; with nothing if the blob has come into the cache by another way. */
    private final CompletableFuture<Optional<ArrivingBlob>> opened = new CompletableFuture<>();

    /** See {@link #takePlace}. */
    private final CompletableFuture<Optional<NewEntry>> place = new CompletableFuture<>();

    /** Whether an attempt has that place, and gives it back. */
    private boolean placeIsUsed;

    private final CRC32C crc = new CRC32C();
    private long position;
    private long toldAtNanos;

    /** @param translation makes of a failure what readers are told */
    Download(
            BlobStore store,
            String key,
            BlobRevision revision,
            BlobCache cache,
            Attempts attempts,
            Function<Throwable, ZeoException> translation) {
        this.store = store;
        this.key = key;
        this.revision = revision;
        this.cache = cache;
        this.attempts = attempts;
        this.translation = translation;
    }

    CompletableFuture<Optional<ArrivingBlob>> opened() {
        return opened;
    }

    /**
     * Does all of it. Nothing is thrown: those who wait hear of failures.
     *
     * @param placeIsTaken whether {@link #takePlace} is called meanwhile
     * @param atEnd called when nobody may join any more
     */
    void run(boolean placeIsTaken, Runnable atEnd) {
        try {
            fetch(placeIsTaken, atEnd);
        } catch (IOException | RuntimeException | Error e) {
            if (!placeIsUsed) {
                // The store has not given anything to put there.
                place.thenAccept(taken -> taken.ifPresent(this::giveBack));
            }
            atEnd.run();
            opened.completeExceptionally(translation.apply(e));
        }
    }

    private void giveBack(NewEntry entry) {
        try (entry) {
            // There are no readers who would do so.
            entry.channel().close();
        } catch (IOException e) {
            LOG.warn("cannot give back the place of {} in the cache: {}", revision, e.toString());
        }
    }

    /**
     * Takes its place in the cache while the thread that {@link #run}s it asks the store: that is a dozen system calls. To be called
     * once if {@code run} was told so.
     */
    void takePlace() {
        try {
            place.complete(begin());
        } catch (IOException | RuntimeException | Error e) {
            place.completeExceptionally(e);
        }
    }

    private void fetch(boolean placeIsTaken, Runnable atEnd) throws IOException {
        if (placeIsTaken && attempt(this::takenPlace, atEnd)) {
            return;
        }
        while (!cameByAnotherWay()) {
            if (attempt(this::begin, atEnd)) {
                return;
            }
        }
        atEnd.run();
        opened.complete(Optional.empty());
    }

    /** The size is not known yet. */
    private Optional<NewEntry> begin() throws IOException {
        return cache.begin(revision.oid(), revision.tid(), 0);
    }

    private Optional<NewEntry> takenPlace() throws IOException {
        placeIsUsed = true;
        try {
            return place.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private interface Place {
        Optional<NewEntry> take() throws IOException;
    }

    /** @return false if another process fetches it, or has just done so */
    private boolean attempt(Place place, Runnable atEnd) throws IOException {
        try (StoredContent content = attempts.make(() -> store.open(key, 0, null));
                NewEntry entry = place.take().orElse(null)) {
            if (entry == null) {
                return false;
            }
            grow(entry, content.object().size());
            fill(entry, content, atEnd);
            return true;
        }
    }

    private static void grow(NewEntry entry, long size) throws IOException {
        boolean grown = false;
        try {
            entry.grow(size);
            grown = true;
        } finally {
            if (!grown) {
                // There are no readers yet who would do so.
                entry.channel().close();
            }
        }
    }

    /** Waits for another process that fetches the same blob. */
    private boolean cameByAnotherWay() throws IOException {
        while (cache.isArriving(revision.oid(), revision.tid())) {
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreException(Reason.UNAVAILABLE, "interrupted while waiting for " + revision, e);
            }
        }
        return cache.contains(revision.oid(), revision.tid());
    }

    private void fill(NewEntry entry, StoredContent first, Runnable atEnd) throws IOException {
        ArrivingBlob blob = new ArrivingBlob(entry.channel(), entry.size());
        try {
            opened.complete(Optional.of(blob));
            receive(entry, blob, first);
            verify(first.object());
            blob.arrived(entry.size());
            keep(entry);
        } catch (IOException | RuntimeException | Error e) {
            LOG.debug("{} broke off at byte {} of {}: {}", revision, position, entry.size(), e.toString());
            blob.fail(translation.apply(e));
        } finally {
            atEnd.run();
            blob.release();
        }
    }

    private void receive(NewEntry entry, ArrivingBlob blob, StoredContent first) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        StoredContent content = first;
        try {
            while (position < entry.size()) {
                try {
                    copy(content, buffer, entry, blob);
                } catch (StoreException e) {
                    attempts.noteBreak(e, position);
                    content.close();
                    content = attempts.make(
                            () -> store.open(key, position, first.object().version()));
                }
            }
        } finally {
            if (content != first) {
                content.close();
            }
        }
    }

    /** Copies until the end of the blob, or until the connection breaks. */
    private void copy(StoredContent content, ByteBuffer buffer, NewEntry entry, ArrivingBlob blob) throws IOException {
        // The first piece goes on at once.
        toldAtNanos = System.nanoTime() - PATIENCE_NANOS;
        while (position < entry.size()) {
            StoreException broken = fill(buffer, content, entry.size());
            write(buffer, entry);
            blob.arrived(Math.min(position, entry.size() - 1));
            toldAtNanos = System.nanoTime();
            if (broken != null) {
                throw broken;
            }
            if (!entry.hasPlace() && !blob.hasReaders()) {
                throw new IOException("nobody reads " + revision + " any more, and there is no place for it");
            }
        }
    }

    /** @return why there is less than there should be; null if there is not */
    private @Nullable StoreException fill(ByteBuffer buffer, StoredContent content, long size) throws IOException {
        buffer.clear().limit((int) Math.min(BUFFER_BYTES - position % BUFFER_BYTES, size - position));
        try {
            do {
                if (content.read(buffer) < 0) {
                    return new StoreException(
                            Reason.UNAVAILABLE,
                            store.name() + key + " ended at byte " + (position + buffer.position()) + " (expected: "
                                    + size + ")",
                            null);
                }
            } while (buffer.hasRemaining() && System.nanoTime() - toldAtNanos < PATIENCE_NANOS);
            return null;
        } catch (StoreException e) {
            return e;
        }
    }

    private void write(ByteBuffer buffer, NewEntry entry) throws IOException {
        crc.update(buffer.flip().duplicate());
        entry.write(position, buffer);
        position += buffer.limit();
    }

    private void verify(StoredObject object) throws StoreException {
        Integer expected = object.crc32c();
        if (expected != null && expected != (int) crc.getValue()) {
            throw new StoreException(
                    Reason.REFUSED,
                    String.format(
                            "%s%s is damaged: CRC-32C %08x (expected: %08x)",
                            store.name(), key, (int) crc.getValue(), expected),
                    null);
        }
    }

    /** Those who wait have everything already. */
    private void keep(NewEntry entry) {
        try {
            entry.keep((int) crc.getValue());
        } catch (IOException e) {
            LOG.warn("{} was fetched but cannot be kept in the cache: {}", revision, e.toString());
        }
    }
}
