package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import io.netty.util.ReferenceCountUtil;
import io.zeolite.blob.BlobRevision;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.logging.RecordedLog;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.session.SessionSettings;
import io.zeolite.storage.Completion;
import io.zeolite.wire.PickleCodec;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlobSenderTest {
    private static final int CHUNKS = 20;
    private static final BlobRevision REVISION = new BlobRevision(5, 6);
    private static final int EIO = -5;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final Set<BlobRevision> unreadable = new HashSet<>();

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

    /** The system copies from file to socket, and whichever of the two fails ends the connection. */
    @Test
    void chunkCannotBeWritten_isLoggedUnlessTheClientHasVanished() throws Exception {
        assumeTrue(Epoll.isAvailable());
        assertThat(loggedIfWriteFails(new ClosedChannelException())).isEmpty();
        assertThat(loggedIfWriteFails(new Errors.NativeIoException("sendfile", Errors.ERRNO_EPIPE_NEGATIVE)))
                .isEmpty();
        assertThat(unreadable).isEmpty();
        assertThat(loggedIfWriteFails(new Errors.NativeIoException("sendfile", EIO)))
                .singleElement()
                .asString()
                .startsWith("blob 0x05 of 0x06 cannot be read: ")
                .endsWith("Input/output error");
        assertThat(unreadable).containsExactly(REVISION);
    }

    private List<String> loggedIfWriteFails(IOException failure) throws IOException {
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                if (message instanceof FileRegion) {
                    ReferenceCountUtil.release(message);
                    // As the channel of a socket does, which then tells the promise.
                    ctx.close();
                    promise.setFailure(failure);
                } else {
                    ctx.write(message, promise);
                }
            }
        });
        Path file = Files.write(directory.resolve("blob"), new byte[10]);
        try (RecordedLog log = new RecordedLog(BlobSender.class)) {
            BlobSender sender = sender(channel, FileChannel.open(file), 10, new CompletableFuture<>());
            sender.start();
            sender.close();
            return log.messages();
        }
    }

    private BlobSender sender(EmbeddedChannel channel, FileChannel file, long size, CompletableFuture<Long> outcome) {
        Duration patient = Duration.ofMinutes(1);
        Connection connection = new Connection(
                channel,
                channel.eventLoop(),
                new TransportSettings(false, 1 << 20, 1 << 20, patient, patient, 1),
                new SessionSettings(Map.of(), Runnable::run, 1 << 20),
                () -> "{}",
                unreadable);
        return new BlobSender(
                connection,
                channel,
                new PickleCodec(ValueLimits.FROM_CLIENT),
                REVISION,
                new OpenBlob.LocalFile(file, size),
                unreadable,
                null,
                to(outcome));
    }

    static Completion<Long> to(CompletableFuture<Long> outcome) {
        return new Completion<>() {
            @Override
            public void complete(Long bytes) {
                outcome.complete(bytes);
            }

            @Override
            public void fail(Throwable failure) {
                outcome.completeExceptionally(failure);
            }
        };
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
