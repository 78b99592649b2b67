package io.zeolite.blob.s3;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** The body of an answer. */
final class S3Content implements StoredContent {
    private final String name;
    private final StoredObject object;
    private final ResponseInputStream<GetObjectResponse> stream;
    private long left;

    /** @param length of the body */
    S3Content(String name, StoredObject object, long length, ResponseInputStream<GetObjectResponse> stream) {
        this.name = name;
        this.object = object;
        this.left = length;
        this.stream = stream;
    }

    @Override
    public StoredObject object() {
        return object;
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        try {
            int count = stream.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
            if (count > 0) {
                buffer.position(buffer.position() + count);
                left -= count;
            }
            return count;
        } catch (SdkException e) {
            throw Failures.of("go on reading " + name, e);
        } catch (IOException e) {
            throw new StoreException(StoreException.Reason.UNAVAILABLE, "cannot go on reading " + name + ": " + e, e);
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
