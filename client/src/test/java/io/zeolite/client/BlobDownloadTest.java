package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.client.connection.LinkOptions;
import io.zeolite.client.connection.LinkUser;
import io.zeolite.client.connection.ServerLink;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class BlobDownloadTest {
    private static final int PIECE_BYTES = 59_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    /** A piece waits for others to be written with it: a download that ends before they come must not keep it. */
    @Test
    void download_thatFails_givesBackThePiecesThatWereNotWritten() throws Exception {
        ExecutorService io = Executors.newCachedThreadPool();
        ServerLink link = new ServerLink(options(io), user());
        BlobCache cache = BlobCache.open(directory, new CacheLimit.None(), false);
        ByteBuf piece = Unpooled.directBuffer(PIECE_BYTES).writeZero(PIECE_BYTES);
        try (BlobStore store = new BlobStore(new BlobDirectory.Cached(directory, cache), link, io)) {
            CompletableFuture<BlobFile> blob = store.open(1, 2);
            while (piece.refCnt() == 1) {
                // Until the download is there, nobody takes it.
                CompletableFuture<Void> offered = new CompletableFuture<>();
                link.onLoop(() -> {
                    store.received(1, 2, piece);
                    offered.complete(null);
                });
                offered.join();
            }
            link.close();
            assertThat(blob).failsWithin(Duration.ofSeconds(30));
        }
        io.shutdown();
        assertThat(io.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(piece.refCnt()).isEqualTo(1);
        piece.release();
    }

    /** Nobody is asked: the link is not started. */
    private static LinkOptions options(ExecutorService io) {
        return new LinkOptions(
                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)),
                "1",
                LinkOptions.Access.READ_WRITE,
                null,
                ConnectionOptions.DEFAULT,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                io);
    }

    private static LinkUser user() {
        return (LinkUser) Proxy.newProxyInstance(
                LinkUser.class.getClassLoader(), new Class<?>[] {LinkUser.class}, (proxy, method, arguments) -> {
                    throw new AssertionError(method + " without a connection");
                });
    }
}
