package io.zeolite.blob.tier;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A store whose objects stop coming at some byte, or of which one cannot be deleted, when a test says so. */
public class BreakingStore implements BlobStore {
    private final BlobStore store;
    private volatile long breaksAt = Long.MAX_VALUE;
    private volatile @Nullable String locked;

    public BreakingStore(BlobStore store) {
        this.store = store;
    }

    /** What is read from now on breaks when so many bytes have come, unless it has ended by then. */
    public void breakAt(long position) {
        breaksAt = position;
    }

    /** Denies from now on to delete an object; null for none. */
    public void lock(@Nullable String key) {
        locked = key;
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        return new Breaking(store.open(key, offset, version), breaksAt - offset);
    }

    private static final class Breaking implements StoredContent {
        private final StoredContent content;
        private long left;

        Breaking(StoredContent content, long left) {
            this.content = content;
            this.left = left;
        }

        @Override
        public StoredObject object() {
            return content.object();
        }

        @Override
        public int read(ByteBuffer buffer) throws IOException {
            if (left <= 0) {
                throw new StoreException(Reason.UNAVAILABLE, "it breaks here", null);
            }
            int limit = buffer.limit();
            buffer.limit((int) Math.min(limit, buffer.position() + left));
            int count = content.read(buffer);
            buffer.limit(limit);
            left -= count;
            return count;
        }

        @Override
        public void close() {
            content.close();
        }
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
        return store.stat(key);
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        return store.put(key, file, crc32c, contentType);
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        return store.putIfAbsent(key, content, contentType);
    }

    @Override
    public boolean mayWrite() throws StoreException {
        return store.mayWrite();
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        return store.isEmpty(start);
    }

    @Override
    public boolean isWrittenInParts(long size) {
        return store.isWrittenInParts(size);
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType)
            throws StoreException, IOException {
        return store.putInParts(key, file, crc32c, contentType);
    }

    @Override
    public void delete(String key) throws StoreException {
        if (key.equals(locked)) {
            throw new StoreException(Reason.DENIED, key + " is locked", null);
        }
        store.delete(key);
    }

    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        return store.listPage(start, after, each);
    }

    @Override
    public void close() {
        store.close();
    }
}
