package io.zeolite.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.wire.Codec;
import io.zeolite.wire.MalformedMessageException;
import io.zeolite.wire.PickleCodec;
import io.zeolite.zodb.Ids;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Starts of the server as they are in production: a client that says hello to a new storage; the same storage again, which
 * has an index by then; and once more with TLS, and with more transactions than the index knows, as after a kill. The build
 * runs it to learn which classes belong into the class-data-sharing archive.
 */
final class ArchiveTraining {
    private static final String CONFIGURATION = """
            %%define data .
            <zeo>
              address 127.0.0.1:0
              %s
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

    private static final String TLS = """
            <ssl>
              certificate %s
              authenticate %s
            </ssl>
            """;

    /** A client's answer to the announcement of the protocol. */
    private static final byte[] PROTOCOL = "Z5".getBytes(StandardCharsets.US_ASCII);

    /** A server that says nothing must not hold up the build. */
    private static final int ANSWER_MILLIS = 10_000;

    private static final Codec CODEC = new PickleCodec(ValueLimits.FROM_SERVER);
    private static final byte[] MAX_TID = {0x7f, -1, -1, -1, -1, -1, -1, -1};
    private static final byte[] NO_SERIAL = new byte[8];

    /** So many that the index keeps them in another form than a few. */
    private static final int OBJECTS = 20_000;

    private interface Visit {
        void to(InetSocketAddress server) throws IOException;
    }

    private final ServerLauncher launcher;
    private final PrintStream out;
    private final PrintStream err;
    private final OnShutdown onShutdown;

    /** @param onShutdown takes what is to be done when the system asks the process to end */
    ArchiveTraining(ServerLauncher launcher, PrintStream out, PrintStream err, OnShutdown onShutdown) {
        this.launcher = launcher;
        this.out = out;
        this.err = err;
        this.onShutdown = onShutdown;
    }

    /**
     * @param certificate with its key in the same file, for a start with TLS; null to do without
     * @return the exit status of the servers: 0 if all is well
     */
    int run(@Nullable Path certificate) throws IOException {
        Path directory = Files.createTempDirectory("zeolite");
        try {
            Path index = directory.resolve("Data.fs.index");
            Path firstIndex = directory.resolve("first.index");
            int status = start(directory, "", address -> sayHello(address, 0, OBJECTS));
            if (status == 0) {
                Files.copy(index, firstIndex);
                status = start(directory, "", address -> sayHello(address, OBJECTS, 1));
            }
            if (status == 0) {
                Files.move(firstIndex, index, StandardCopyOption.REPLACE_EXISTING);
                String section = certificate == null ? "" : TLS.formatted(certificate, certificate);
                status = start(directory, section, ArchiveTraining::knock);
            }
            return status;
        } finally {
            delete(directory);
        }
    }

    private int start(Path directory, String section, Visit visit) throws IOException {
        Files.writeString(directory.resolve("zeo.conf"), CONFIGURATION.formatted(section));
        ConfigEnvironment environment = new ConfigEnvironment(Map.of(), directory);
        ServerLauncher visited = config -> {
            RunningServer server = launcher.start(config);
            // A server that has no file descriptor left logs it, perhaps before its jars are open.
            LoggerFactory.getLogger(ArchiveTraining.class).warn("a failure", new IOException("of training"));
            try {
                visit.to((InetSocketAddress) server.address());
            } catch (IOException e) {
                server.stop();
                throw e;
            }
            return server;
        };
        OnShutdown atOnce = stop -> {
            onShutdown.accept(stop);
            stop.run();
        };
        return new Zeolite(visited, environment, out, err, atOnce)
                .run("serve", "-C", "zeo.conf", "--address-file", "address");
    }

    /** Is let in, and says nothing that could be read without a certificate. */
    private static void knock(InetSocketAddress address) throws IOException {
        new Socket(address.getAddress(), address.getPort()).close();
    }

    /** A client's first moments: it registers, commits new objects and loads one. */
    private static void sayHello(InetSocketAddress address, long firstOid, int objects) throws IOException {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(ANSWER_MILLIS);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            in.skipNBytes(in.readInt());
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            out.writeInt(PROTOCOL.length);
            out.write(PROTOCOL);
            call(in, out, Methods.REGISTER, "1", false);
            call(in, out, Methods.GET_INFO);
            send(out, Methods.TPC_BEGIN, 1L, PROTOCOL, PROTOCOL, new PyDict());
            for (long oid = firstOid; oid < firstOid + objects; oid++) {
                send(out, Methods.STORE, Ids.bytes(oid), NO_SERIAL, PROTOCOL, 1L);
            }
            call(in, out, Methods.VOTE, 1L);
            call(in, out, Methods.TPC_FINISH, 1L);
            call(in, out, Methods.LOAD_BEFORE, Ids.bytes(firstOid), MAX_TID);
        }
    }

    private static void call(DataInputStream in, DataOutputStream out, String method, Object... args)
            throws IOException {
        write(out, new Message.Call(1L, method, PyTuple.of(args)));
        out.flush();
        Message received = receive(in);
        while (received instanceof Message.OneWay) {
            received = receive(in);
        }
        if (!(received instanceof Message.Reply)) {
            throw new IOException(method + " was answered with " + received);
        }
    }

    private static Message receive(DataInputStream in) throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        try {
            return CODEC.decode(Unpooled.wrappedBuffer(frame));
        } catch (MalformedMessageException e) {
            throw new IOException(e);
        }
    }

    private static void send(DataOutputStream out, String method, Object... args) throws IOException {
        write(out, new Message.OneWay(method, PyTuple.of(args)));
    }

    private static void write(DataOutputStream out, Message message) throws IOException {
        ByteBuf frame = Unpooled.buffer();
        CODEC.encode(message, frame);
        frame.readBytes(out, frame.readableBytes());
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
