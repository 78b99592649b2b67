package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A start of the server as it is in production, a client that says hello, and the end. The build runs it to learn which
 * classes belong into the class-data-sharing archive.
 */
final class ArchiveTraining {
    private static final String CONFIGURATION = """
            %define data .
            <zeo>
              address 127.0.0.1:0
            </zeo>
            <filestorage 1>
              path $data/Data.fs
              blob-dir $data/blobs
            </filestorage>
            <eventlog>
              <logfile>
                path server.log
              </logfile>
            </eventlog>
            """;

    /** A client's answer to the announcement of the protocol. */
    private static final byte[] PROTOCOL = "Z5".getBytes(StandardCharsets.US_ASCII);

    /** A server that says nothing must not hold up the build. */
    private static final int ANSWER_MILLIS = 10_000;

    private final ServerLauncher launcher;
    private final PrintStream out;
    private final PrintStream err;

    ArchiveTraining(ServerLauncher launcher, PrintStream out, PrintStream err) {
        this.launcher = launcher;
        this.out = out;
        this.err = err;
    }

    /** @return the exit status of the server */
    int run() throws IOException {
        Path directory = Files.createTempDirectory("zeolite");
        try {
            Files.writeString(directory.resolve("zeo.conf"), CONFIGURATION);
            ConfigEnvironment environment = new ConfigEnvironment(Map.of(), directory);
            AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();
            ServerLauncher visited = config -> {
                RunningServer server = launcher.start(config);
                try {
                    sayHello((InetSocketAddress) server.address());
                } catch (IOException e) {
                    server.stop();
                    throw e;
                }
                Objects.requireNonNull(stop.get(), "stop").run();
                return server;
            };
            return new Zeolite(visited, environment, out, err, stop::set)
                    .run("serve", "-C", "zeo.conf", "--address-file", "address");
        } finally {
            delete(directory);
        }
    }

    private static void sayHello(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(ANSWER_MILLIS);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            in.skipNBytes(in.readInt());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(PROTOCOL.length);
            out.write(PROTOCOL);
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> all = Files.walk(directory)) {
            deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : deepestFirst) {
            Files.delete(path);
        }
    }
}
