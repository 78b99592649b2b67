package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.FileRegion;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import io.zeolite.blob.BlobRevision;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.session.SessionSettings;
import io.zeolite.storage.Completion;
import io.zeolite.wire.PickleCodec;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlobSenderTest {
    private static final int CHUNKS = 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @Test
    void clientThatTakesEverythingAtOnce_getsSomeChunksInATurnOfTheLoop() throws Exception {
        byte[] content = new byte[CHUNKS * BlobSender.CHUNK_BYTES];
        Path file = Files.write(directory.resolve("blob"), content);
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        CompletableFuture<Long> outcome = new CompletableFuture<>();
        sender(channel, FileChannel.open(file), content.length, outcome).start();
        int turns = 0;
        int sent = 0;
        while (!outcome.isDone()) {
            turns++;
            int chunks = sentChunks(channel);
            assertThat(chunks).as("chunks in one turn").isBetween(1, 8);
            sent += chunks;
            channel.advanceTimeBy(1, TimeUnit.NANOSECONDS);
            channel.runScheduledPendingTasks();
        }
        assertThat(sent + sentChunks(channel)).isEqualTo(CHUNKS);
        assertThat(turns).isGreaterThan(1);
        assertThat(outcome.join()).isEqualTo(content.length);
    }

    private static BlobSender sender(
            EmbeddedChannel channel, FileChannel file, long size, CompletableFuture<Long> outcome) {
        Duration patient = Duration.ofMinutes(1);
        Connection connection = new Connection(
                channel,
                channel.eventLoop(),
                new TransportSettings(false, 1 << 20, 1 << 20, patient, patient, 1),
                new SessionSettings(Map.of(), Runnable::run, 1 << 20),
                () -> "{}",
                new SharedFrames());
        return new BlobSender(
                connection,
                channel,
                new PickleCodec(ValueLimits.FROM_CLIENT),
                new BlobRevision(5, 6),
                new OpenBlob.LocalFile(file, size),
                null,
                new Completion<>() {
                    @Override
                    public void complete(Long bytes) {
                        outcome.complete(bytes);
                    }

                    @Override
                    public void fail(Throwable failure) {
                        outcome.completeExceptionally(failure);
                    }
                });
    }

    private static int sentChunks(EmbeddedChannel channel) {
        int count = 0;
        for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            if (out instanceof FileRegion) {
                count++;
            }
            ReferenceCountUtil.release(out);
        }
        return count;
    }
}
