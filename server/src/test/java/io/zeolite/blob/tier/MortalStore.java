package io.zeolite.blob.tier;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store whose user is killed at some operation: before it, or when it is done and the answer has not come. Nothing that is tried
 * afterwards happens, as by a process that is no more.
 */
final class MortalStore implements BlobStore {
    private final BlobStore store;
    private final int diesAt;
    private final boolean done;
    private final Runnable atDeath;
    private int operations;
    private boolean dead;

    /** What takes the place of the kill. Nobody handles it. */
    static final class KilledException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        KilledException() {
            super("killed");
        }
    }

    /**
     * @param diesAt the number of the operation, from 0 on
     * @param done whether it is still done
     * @param atDeath called then
     */
    MortalStore(BlobStore store, int diesAt, boolean done, Runnable atDeath) {
        this.store = store;
        this.diesAt = diesAt;
        this.done = done;
        this.atDeath = atDeath;
    }

    boolean isDead() {
        return dead;
    }

    private interface Operation<T extends @Nullable Object, E extends Exception> {
        T run() throws E;
    }

    private <T extends @Nullable Object, E extends Exception> T operate(Operation<T, E> operation) throws E {
        if (dead || (operations == diesAt && !done)) {
            throw die();
        }
        T result = operation.run();
        if (operations++ == diesAt) {
            throw die();
        }
        return result;
    }

    private KilledException die() {
        dead = true;
        atDeath.run();
        return new KilledException();
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public String place() {
        return store.place();
    }

    @Override
    public StoredObject stat(String key) throws StoreException {
        return operate(() -> store.stat(key));
    }

    @Override
    public StoredObject attest(String key) throws StoreException {
        return operate(() -> store.attest(key));
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        return operate(() -> store.open(key, offset, version));
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        return operate(() -> store.put(key, file, crc32c, contentType));
    }

    @Override
    public boolean isWrittenInParts(long size) {
        return store.isWrittenInParts(size);
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType)
            throws StoreException, IOException {
        return operate(() -> store.putInParts(key, file, crc32c, contentType));
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        return operate(() -> store.putIfAbsent(key, content, contentType));
    }

    @Override
    public boolean mayWrite() throws StoreException {
        return operate(store::mayWrite);
    }

    @Override
    public void delete(String key) throws StoreException {
        operate(() -> {
            store.delete(key);
            return key;
        });
    }

    @Override
    public Map<String, StoreException> deleteAll(List<String> keys) throws StoreException {
        for (String key : keys) {
            delete(key);
        }
        return Map.of();
    }

    @Override
    public int abortStaleUploads(Instant before) throws StoreException {
        return operate(() -> store.abortStaleUploads(before));
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        return operate(() -> store.isEmpty(start));
    }

    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        return operate(() -> store.listPage(start, after, each));
    }

    @Override
    public void close() {
        store.close();
    }
}
