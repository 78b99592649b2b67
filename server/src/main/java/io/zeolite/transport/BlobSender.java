package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.DefaultFileRegion;
import io.zeolite.blob.BlobSource;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.Codec;
import io.zeolite.zodb.Oid;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one blob to one client, in messages of Python's chunk size. A few chunks are on their way at a time, so other
 * messages find their place between them and a slow client costs no memory; the bytes go from the page cache to the
 * socket. Event loop only.
 */
final class BlobSender {
    private static final Logger LOG = LoggerFactory.getLogger(BlobSender.class);

    /** As Python's server sends them. */
    static final int CHUNK_BYTES = 59_000;

    /** Enough to keep the socket busy while the next ones are made. */
    private static final int CHUNKS_UNDER_WAY = 8;

    private final Connection connection;
    private final Channel channel;
    private final Codec codec;
    private final long oid;
    private final long serial;
    private final BlobSource.LocalFile source;
    private final Runnable done;
    private final boolean encrypted;

    private long position;
    private long sent;
    private int underWay;
    private boolean ended;

    BlobSender(
            Connection connection,
            Channel channel,
            Codec codec,
            long oid,
            long serial,
            BlobSource source,
            Runnable done) {
        this.connection = connection;
        this.channel = channel;
        this.codec = codec;
        this.oid = oid;
        this.serial = serial;
        this.source = (BlobSource.LocalFile) source;
        this.done = done;
        this.encrypted = TlsPeer.isSecured(channel);
    }

    void start() {
        connection.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, key()));
        proceed();
        connection.flush();
    }

    /** Bytes that have left for the client. */
    long bytesSent() {
        return sent;
    }

    private PyTuple key() {
        return PyTuple.of(bytes(oid), bytes(serial));
    }

    private static byte[] bytes(long id) {
        return ByteBuffer.allocate(8).putLong(id).array();
    }

    private void proceed() {
        while (position < source.size() && underWay < CHUNKS_UNDER_WAY) {
            try {
                writeChunk((int) Math.min(CHUNK_BYTES, source.size() - position));
            } catch (IOException e) {
                fail(e);
                return;
            }
        }
        if (position == source.size() && underWay == 0 && !ended) {
            ended = true;
            connection.send(new Message.OneWay(Methods.RECEIVE_BLOB_STOP, key()));
            done.run();
            close();
            connection.blobSent();
        }
    }

    private void writeChunk(int length) throws IOException {
        Object content = content(length);
        ByteBuf head = channel.alloc().ioBuffer(96);
        codec.encodeBlobChunkHead(oid, serial, length, head);
        connection.write(head);
        ChannelFuture written = channel.write(content);
        ByteBuf tail = channel.alloc().ioBuffer(8);
        codec.encodeBlobChunkTail(tail);
        if (tail.isReadable()) {
            connection.write(tail);
        } else {
            tail.release();
        }
        position += length;
        underWay++;
        written.addListener(outcome -> chunkWritten(length, outcome.cause()));
    }

    /** What the system copies from file to socket by itself; under TLS, which cannot be done so, the bytes themselves. */
    private Object content(int length) throws IOException {
        if (!encrypted) {
            return new Region(source.channel(), position, length);
        }
        ByteBuf bytes = channel.alloc().ioBuffer(length);
        boolean complete = false;
        try {
            while (bytes.readableBytes() < length) {
                int missing = length - bytes.readableBytes();
                if (bytes.writeBytes(source.channel(), position + bytes.readableBytes(), missing) < 0) {
                    throw new EOFException("the file ends at " + (position + bytes.readableBytes())
                            + " bytes (expected: " + source.size() + ")");
                }
            }
            complete = true;
            return bytes;
        } finally {
            if (!complete) {
                bytes.release();
            }
        }
    }

    private void chunkWritten(int length, Throwable failure) {
        underWay--;
        if (ended) {
            return;
        }
        if (failure != null) {
            fail(failure);
            return;
        }
        sent += length;
        proceed();
        connection.flush();
    }

    private void fail(Throwable failure) {
        ended = true;
        // The client has a part of a message or of a blob: nothing but a new connection helps. A vanished one is no
        // news.
        if (channel.isActive()) {
            connection.drop("was being sent the blob {}, which failed: {}", Oid.toString(oid), failure);
        }
    }

    void close() {
        ended = true;
        close(source);
    }

    static void close(BlobSource source) {
        try {
            source.close();
        } catch (IOException e) {
            LOG.warn("cannot close a blob: {}", e.toString());
        }
    }

    /** A part of a file whose channel belongs to somebody else. */
    private static final class Region extends DefaultFileRegion {
        Region(FileChannel file, long position, long count) {
            super(file, position, count);
        }

        @Override
        protected void deallocate() {
            // The sender closes the channel when the whole blob is written.
        }
    }
}
