package io.zeolite.blob;

import io.zeolite.blob.StoreException.Reason;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A store that is only read: what would change it is refused here, before any request. */
public record ReadOnlyStore(BlobStore store) implements BlobStore {
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
    public StoredObject attest(String key) throws StoreException {
        return store.attest(key);
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        return store.open(key, offset, version);
    }

    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        return store.listPage(start, after, each);
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException {
        throw refusal("write", key);
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        throw refusal("write", key);
    }

    /** Of the store itself: so that it can be said that its credentials are good for more than they should. */
    @Override
    public boolean mayWrite() throws StoreException {
        return store.mayWrite();
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        return store.isEmpty(start);
    }

    @Override
    public int abortStaleUploads(Instant before) throws StoreException {
        throw refusal("give up uploads to", "");
    }

    @Override
    public void paceParts(Throttle throttle) {
        store.paceParts(throttle);
    }

    @Override
    public boolean isWrittenInParts(long size) {
        return store.isWrittenInParts(size);
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType) throws StoreException {
        throw refusal("write", key);
    }

    @Override
    public void delete(String key) throws StoreException {
        throw refusal("delete", key);
    }

    @Override
    public Map<String, StoreException> deleteAll(List<String> keys) throws StoreException {
        throw refusal("delete from", "");
    }

    private StoreException refusal(String what, String key) {
        return new StoreException(
                Reason.REFUSED, "cannot " + what + " " + name() + key + ": read-only-bucket is on", null);
    }

    @Override
    public void close() {
        store.close();
    }
}
