package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects from their first byte to their last one. Where a connection breaks it goes on with another one, if the
 * object is still the same; a limited number of times without getting ahead. One thread.
 */
public final class ObjectReader {
    private static final int BUFFER_BYTES = 128 << 10;

    private final RetryingStore store;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

    /** Is given the bytes of an object. */
    public interface Sink {
        /**
         * @param bytes the next ones; not to be kept
         * @return whether more are wanted
         */
        boolean take(ByteBuffer bytes) throws IOException;
    }

    public ObjectReader(RetryingStore store) {
        this.store = store;
    }

    /**
     * Reads an object, or as much of it as is wanted.
     *
     * @return what the store says of it; as many bytes have been given to the sink, unless it had enough
     * @throws StoreException if that is not possible
     * @throws IOException if the sink throws it
     */
    public StoredObject read(String key, Sink sink) throws IOException {
        Reading reading = new Reading(key, sink);
        while (!reading.isDone()) {
            reading.goOn();
        }
        return reading.object();
    }

    private final class Reading {
        private final String key;
        private final Sink sink;
        private final Attempts attempts = store.attempts();
        private @Nullable StoredObject object;
        private long position;
        private boolean enough;

        Reading(String key, Sink sink) {
            this.key = key;
            this.sink = sink;
        }

        boolean isDone() {
            return object != null && (enough || position >= object.size());
        }

        StoredObject object() {
            if (object == null) {
                throw new IllegalStateException("nothing has been read");
            }
            return object;
        }

        /** Opens the object for what is left of it, and reads until that is there or the connection breaks. */
        void goOn() throws IOException {
            try (StoredContent content = store.open(key, position, object == null ? null : object.version())) {
                object = content.object();
                while (!isDone()) {
                    int count = receive(content);
                    position += count;
                    enough = !sink.take(buffer.flip());
                }
            } catch (BrokenException e) {
                attempts.noteBreak(e.failure, position);
            }
        }

        private int receive(StoredContent content) throws BrokenException, IOException {
            long left = object().size() - position;
            buffer.clear().limit((int) Math.min(BUFFER_BYTES, left));
            try {
                int count = content.read(buffer);
                if (count >= 0) {
                    return count;
                }
            } catch (StoreException e) {
                throw new BrokenException(e);
            }
            throw new BrokenException(new StoreException(
                    Reason.UNAVAILABLE,
                    store.name() + key + " ended at byte " + position + " (expected: " + object().size() + ")",
                    null));
        }
    }

    /** Keeps failures of the body apart from those of opening it, which have been tried again already. */
    private static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;

        private final StoreException failure;

        BrokenException(StoreException failure) {
            super(failure);
            this.failure = failure;
        }
    }
}
