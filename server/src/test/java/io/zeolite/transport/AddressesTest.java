package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AddressesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @Test
    void removeStaleSocket_nobodyListens_deletesIt() throws IOException {
        Path path = directory.resolve("s");
        Addresses.removeStaleSocket(path);
        listen(path).close();
        assertThat(path).exists();

        Addresses.removeStaleSocket(path);

        assertThat(path).doesNotExist();
    }

    @Test
    void removeStaleSocket_somebodyListens_isRefused() throws IOException {
        Path path = directory.resolve("s");
        try (ServerSocketChannel listening = listen(path)) {
            assertThat(listening.isOpen()).isTrue();
            assertThatThrownBy(() -> Addresses.removeStaleSocket(path))
                    .isInstanceOf(BindException.class)
                    .hasMessageContaining("another server listens");
        }
        assertThat(path).exists();
    }

    @Test
    void removeStaleSocket_file_isRefusedAndKept() throws IOException {
        Path path = Files.writeString(directory.resolve("s"), "content");
        assertThatThrownBy(() -> Addresses.removeStaleSocket(path)).hasMessageContaining("no socket");
        assertThat(path).hasContent("content");
    }

    private static ServerSocketChannel listen(Path path) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(UnixDomainSocketAddress.of(path));
        return channel;
    }
}
