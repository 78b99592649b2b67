package io.zeolite.blob.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** With a clock that goes on only while something is waited for. */
final class S3ContentTest {
    private static final int SIZE = 100_000;
    private static final ReadTimeout TIMEOUT = new ReadTimeout(Duration.ofSeconds(30), 30_000);

    private long nanos;

    /** @param seconds for which each byte is waited for, by its position */
    private S3Content content(LongUnaryOperator seconds) {
        InputStream slow = new InputStream() {
            private int position;

            @Override
            public int read() {
                nanos += Duration.ofSeconds(seconds.applyAsLong(position)).toNanos();
                return position++ < SIZE ? 1 : -1;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                return read();
            }
        };
        return new S3Content(
                "s3://blobs/a.blob",
                new StoredObject("a.blob", SIZE, "1", Instant.EPOCH, null),
                SIZE,
                new ResponseInputStream<>(GetObjectResponse.builder().build(), AbortableInputStream.create(slow)),
                TIMEOUT,
                () -> nanos);
    }

    private static int readToTheEnd(S3Content content, Runnable afterEachByte) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(SIZE);
        while (content.read(buffer) >= 0) {
            afterEachByte.run();
        }
        return buffer.position();
    }

    @Test
    void read_bytesThatTrickle_isUnavailable() {
        S3Content content = content(position -> position < 50_000 ? 0 : 1);
        assertThatThrownBy(() -> readToTheEnd(content, () -> {}))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE))
                .hasMessage("cannot go on reading s3://blobs/a.blob: 20031 bytes in 31 s (expected: 30000)");
    }

    @Test
    void read_slowButNotTooSlow_comesToItsEnd() throws IOException {
        assertThat(readToTheEnd(content(position -> position % 1000 == 0 ? 1 : 0), () -> {}))
                .isEqualTo(SIZE);
    }

    @Test
    void read_silenceNowAndThen_comesToItsEnd() throws IOException {
        assertThat(readToTheEnd(content(position -> position % 30_000 == 15_000 ? 29 : 0), () -> {}))
                .isEqualTo(SIZE);
    }

    @Test
    void read_readerThatTakesItsTime_comesToItsEnd() throws IOException {
        Runnable pause = () -> nanos += Duration.ofSeconds(5).toNanos();
        assertThat(readToTheEnd(content(position -> 0), pause)).isEqualTo(SIZE);
    }
}
