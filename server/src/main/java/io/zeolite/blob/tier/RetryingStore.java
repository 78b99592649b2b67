package io.zeolite.blob.tier;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.Throttle;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store that is asked again when it does not answer, a limited number of times and with growing pauses, and that is left
 * alone for a while when it is away. For those who may wait. Any thread.
 */
public final class RetryingStore implements BlobStore {
    private final BlobStore store;
    private final TierSettings settings;
    private final Breaker breaker;
    private volatile Throttle reading = Throttle.NONE;

    /** Takes over the store, and closes it. */
    public RetryingStore(BlobStore store, TierSettings settings) {
        this(store, settings, "What needs it fails until it is back.");
    }

    /** @param consequence what the log says it means that the store is away, as a sentence */
    public RetryingStore(BlobStore store, TierSettings settings, String consequence) {
        this.store = store;
        this.settings = settings;
        this.breaker = new Breaker(
                store.name(), settings.failuresUntilAway(), settings.longestPause(), consequence, System::nanoTime);
    }

    /** Whether so many requests had no answer that there is little hope for the next one. */
    public boolean isAway() {
        return breaker.isAway();
    }

    /** Has objects that are opened from now on come no faster than that, all together. */
    public void paceReads(Throttle throttle) {
        reading = throttle;
    }

    /**
     * Has nothing be tried again from now on. To be called before the store behind it is closed: what breaks off then says
     * nothing of the store.
     */
    void stop() {
        breaker.stop();
    }

    boolean isStopped() {
        return breaker.isStopped();
    }

    Attempts attempts() {
        return new Attempts(settings, breaker);
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
        return attempts().make(() -> store.stat(key));
    }

    @Override
    public StoredObject attest(String key) throws StoreException {
        return attempts().make(() -> store.attest(key));
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        StoredContent content = attempts().make(() -> store.open(key, offset, version));
        Throttle throttle = reading;
        return throttle == Throttle.NONE ? content : new PacedContent(content, throttle);
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        return attempts().make(() -> store.put(key, file, crc32c, contentType));
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType)
            throws StoreException, IOException {
        return attempts().make(() -> store.putInParts(key, file, crc32c, contentType));
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
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        return attempts().make(() -> store.putIfAbsent(key, content, contentType));
    }

    @Override
    public boolean mayWrite() throws StoreException {
        return attempts().make(store::mayWrite);
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        return attempts().make(() -> store.isEmpty(start));
    }

    @Override
    public int abortStaleUploads(Instant before) throws StoreException {
        return attempts().make(() -> store.abortStaleUploads(before));
    }

    @Override
    public Map<String, StoreException> deleteAll(List<String> keys) throws StoreException {
        return attempts().make(() -> store.deleteAll(keys));
    }

    @Override
    public void delete(String key) throws StoreException {
        attempts().make(() -> {
            store.delete(key);
            return key;
        });
    }

    /** What has been told of before a failure may be told of again. */
    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        return attempts().make(() -> store.listPage(start, after, each));
    }

    @Override
    public void close() {
        stop();
        store.close();
    }
}
