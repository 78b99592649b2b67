package io.zeolite.blob.s3;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** The body of an answer. */
final class S3Content implements StoredContent {
    private final String name;
    private final StoredObject object;
    private final ResponseInputStream<GetObjectResponse> stream;
    private final ReadTimeout timeout;
    private final LongSupplier nanoTime;
    private long left;

    /** Since so many bytes last came as have to come within the time-out. */
    private long cameBytes;

    private long waitedNanos;

    /**
     * @param length of the body
     * @param nanoTime time that only goes on
     */
    S3Content(
            String name,
            StoredObject object,
            long length,
            ResponseInputStream<GetObjectResponse> stream,
            ReadTimeout timeout,
            LongSupplier nanoTime) {
        this.name = name;
        this.object = object;
        this.left = length;
        this.stream = stream;
        this.timeout = timeout;
        this.nanoTime = nanoTime;
    }

    @Override
    public StoredObject object() {
        return object;
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        if (waitedNanos > timeout.waiting().toNanos()) {
            throw new StoreException(
                    StoreException.Reason.UNAVAILABLE,
                    "cannot go on reading " + name + ": " + cameBytes + " bytes in " + waitedNanos / 1_000_000_000
                            + " s (expected: " + timeout.leastBytes() + ")",
                    null);
        }
        try {
            long start = nanoTime.getAsLong();
            int count = stream.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
            if (count > 0) {
                buffer.position(buffer.position() + count);
                left -= count;
                note(count, nanoTime.getAsLong() - start);
            }
            return count;
        } catch (SdkException e) {
            throw Failures.of("go on reading " + name, e);
        } catch (IOException e) {
            throw new StoreException(StoreException.Reason.UNAVAILABLE, "cannot go on reading " + name + ": " + e, e);
        }
    }

    private void note(int count, long nanos) {
        cameBytes += count;
        waitedNanos += nanos;
        if (cameBytes >= timeout.leastBytes()) {
            cameBytes = 0;
            waitedNanos = 0;
        }
    }

    /**
     * Leaves the connection to the next request if all of the body has come. What is left of it would be read by closing the
     * stream: its connection is given up instead.
     */
    @Override
    public void close() {
        if (left > 0) {
            stream.abort();
            return;
        }
        try {
            stream.close();
        } catch (IOException | SdkException e) {
            stream.abort();
        }
    }
}
