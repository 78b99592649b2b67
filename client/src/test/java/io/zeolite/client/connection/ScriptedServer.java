package io.zeolite.client.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.wire.Codec;
import io.zeolite.wire.MsgpackCodec;
import io.zeolite.wire.PickleCodec;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** A server that does exactly what a test says, also what no server should do: one connection for each script. */
public final class ScriptedServer implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    /** What the server does with a connection, which it then closes. */
    public interface Script {
        void run(Peer peer) throws Exception;
    }

    /** The server's end of the connection. */
    public static final class Peer {
        private final DataInputStream in;
        private final DataOutputStream out;
        private Codec codec = new PickleCodec(ValueLimits.FROM_CLIENT);

        private Peer(Socket socket) throws IOException {
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
        }

        public void frame(byte[] content) throws IOException {
            out.writeInt(content.length);
            out.write(content);
            out.flush();
        }

        byte[] frame() throws IOException {
            return in.readNBytes(in.readInt());
        }

        /** Announces a protocol and returns what the client answers. */
        public String handshake(String announcement) throws IOException {
            frame(announcement.getBytes(StandardCharsets.US_ASCII));
            if (announcement.startsWith("M")) {
                codec = new MsgpackCodec(ValueLimits.FROM_CLIENT);
            }
            return new String(frame(), StandardCharsets.US_ASCII);
        }

        public Message receive() throws Exception {
            return codec.decode(Unpooled.wrappedBuffer(frame()));
        }

        public Message.Call call() throws Exception {
            return (Message.Call) receive();
        }

        public void send(Message message) throws IOException {
            ByteBuf frame = Unpooled.buffer();
            codec.encode(message, frame);
            frame.readBytes(out, frame.readableBytes());
            out.flush();
        }

        /** Waits until the client has closed the connection. */
        public void awaitEnd() throws IOException {
            while (in.read() >= 0) {
                // Whatever it says before.
            }
        }
    }

    /** @param scripts one after the other */
    public ScriptedServer(Script... scripts) throws IOException {
        Thread thread = new Thread(() -> serve(scripts), "scripted-server");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Script... scripts) {
        try {
            for (Script script : scripts) {
                try (Socket socket = listener.accept()) {
                    script.run(new Peer(socket));
                }
            }
            end.complete(null);
        } catch (Exception | AssertionError e) {
            end.completeExceptionally(e);
        }
    }

    /** Whether what comes on a connection is read. On its event loop. */
    public static boolean isRead(ZeoConnection connection) {
        return connection.quietNanos() > 0;
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    /** Waits for the end of the last script; all must have gone well. */
    public void join() {
        end.join();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
