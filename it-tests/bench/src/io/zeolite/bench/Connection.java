package io.zeolite.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/**
 * A registered connection to a server, blocking, for one thread at a time. Requests gather in a buffer until {@link #flush}, so
 * what is sent together takes one system call, and what arrives together too.
 */
final class Connection implements AutoCloseable {
    private static final int IN_BYTES = 1 << 18;
    private static final int OUT_BYTES = 1 << 17;
    private static final short Z5 = 0x5a35;

    private final ByteChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES).flip();
    private final ByteBuffer out = ByteBuffer.allocateDirect(OUT_BYTES);
    private final Requests requests = new Requests(out);
    private final Message message = new Message(in);
    private int lastId;

    private Connection(ByteChannel channel) {
        this.channel = channel;
    }

    /** Connects to a port of this host and registers with storage {@code 1}. */
    static Connection open(int port, boolean tls) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        Connection connection = new Connection(tls ? TlsChannel.open(address) : plain(address));
        try {
            connection.register();
            return connection;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    private static SocketChannel plain(InetSocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open(address);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return channel;
    }

    private void register() throws IOException {
        int length = fill();
        if (length != Short.BYTES) {
            throw new IOException("announcement: " + length + " bytes (expected: 2)");
        }
        in.position(in.position() + Integer.BYTES + length);
        out.putInt(Short.BYTES).putShort(Z5);
        int id = nextId();
        requests.register(id);
        reply(id);
    }

    Requests requests() {
        return requests;
    }

    /** The number of the next call, ascending from 1. */
    int nextId() {
        return ++lastId;
    }

    void flush() throws IOException {
        out.flip();
        while (out.hasRemaining()) {
            channel.write(out);
        }
        out.clear();
    }

    /** The next message, whatever it is. */
    Message next() throws IOException {
        int length = fill();
        int start = in.position() + Integer.BYTES;
        in.position(start + length);
        message.read(start, start + length);
        return message;
    }

    /** Whether a whole message has arrived that {@link #next} returns without waiting. */
    boolean hasNext() {
        return in.remaining() >= Integer.BYTES && in.remaining() - Integer.BYTES >= in.getInt(in.position());
    }

    /** The bytes that a message points into. */
    ByteBuffer received() {
        return in;
    }

    /** Sends what is waiting and returns the reply to that call, passing over notifications. */
    Message reply(int id) throws IOException {
        flush();
        Message reply = next();
        while (reply.isNotification()) {
            reply = next();
        }
        if (reply.isLoad() || reply.id() != id) {
            throw new IOException("reply to " + reply.id() + " (expected: " + id + ")");
        }
        return reply.succeeded();
    }

    /** Loads the current revision of one object. */
    Revision load(long oid) throws IOException {
        return loadBefore(oid, Requests.MAX_TID);
    }

    /** Loads the last revision of one object before a transaction; there must be one. */
    Revision loadBefore(long oid, long tid) throws IOException {
        requests.loadBefore(oid, tid);
        flush();
        Message reply = next();
        while (reply.isNotification()) {
            reply = next();
        }
        int result = reply.succeeded().result();
        return new Revision(oid, reply.eight(result + 1), reply.bytes(result));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Waits until a whole message is in the buffer, at its position, and returns its length. */
    private int fill() throws IOException {
        receive(Integer.BYTES);
        int length = in.getInt(in.position());
        if (length < 0 || length > IN_BYTES - Integer.BYTES) {
            throw new IOException(
                    "message: " + length + " bytes (expected: at most " + (IN_BYTES - Integer.BYTES) + ")");
        }
        receive(Integer.BYTES + length);
        return length;
    }

    private void receive(int wanted) throws IOException {
        if (in.remaining() >= wanted) {
            return;
        }
        in.compact();
        while (in.position() < wanted) {
            if (channel.read(in) < 0) {
                throw new EOFException("the server closed the connection");
            }
        }
        in.flip();
    }

    /** An object as it was loaded. */
    record Revision(long oid, long serial, byte[] data) {
        Revision at(long tid) {
            return new Revision(oid, tid, data);
        }
    }
}
