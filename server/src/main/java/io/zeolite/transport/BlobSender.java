package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.DefaultFileRegion;
import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobSource;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.wire.Codec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one blob to one client, in messages of Python's chunk size. A few chunks are on their way at a time, so other
 * messages find their place between them and a slow client costs no memory; the bytes go from the page cache to the
 * socket. A blob that is still arriving is sent as far as it is there. Event loop only.
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
    private final BlobRevision revision;
    private final BlobSource source;
    private final Completion<Long> outcome;
    private final boolean encrypted;

    private boolean begun;
    private long position;
    private long sent;
    private int underWay;
    private boolean waiting;
    private boolean ended;

    /** @param has how many bytes the client has of it, from an attempt that failed on this connection; 0 for none */
    BlobSender(
            Connection connection,
            Channel channel,
            Codec codec,
            BlobRevision revision,
            BlobSource source,
            long has,
            Completion<Long> outcome) {
        this.connection = connection;
        this.channel = channel;
        this.codec = codec;
        this.revision = revision;
        this.source = source;
        this.begun = has > 0;
        this.position = has;
        this.outcome = outcome;
        this.encrypted = TlsPeer.isSecured(channel);
    }

    void start() {
        proceed();
        connection.flush();
    }

    /** Bytes that have left for the client. */
    long bytesSent() {
        return sent;
    }

    /** Whether there are bytes that the client has not taken yet. */
    boolean waitsForClient() {
        return underWay > 0;
    }

    private PyTuple key() {
        return PyTuple.of(bytes(revision.oid()), bytes(revision.tid()));
    }

    private static byte[] bytes(long id) {
        return ByteBuffer.allocate(8).putLong(id).array();
    }

    private void proceed() {
        if (ended) {
            return;
        }
        long available = source.available();
        if (!begun && (available > position || source.size() == position)) {
            begun = true;
            connection.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, key()));
        }
        while (position < available && underWay < CHUNKS_UNDER_WAY) {
            try {
                writeChunk((int) Math.min(CHUNK_BYTES, available - position));
            } catch (IOException e) {
                fail(e);
                return;
            }
        }
        if (position == source.size()) {
            finishIfWritten();
        } else if (position == available) {
            awaitMore();
        }
    }

    private void finishIfWritten() {
        if (underWay == 0) {
            connection.send(new Message.OneWay(Methods.RECEIVE_BLOB_STOP, key()));
            end(null);
        }
    }

    private void awaitMore() {
        Throwable failure = source.failure();
        if (failure == null) {
            if (!waiting) {
                waiting = true;
                source.whenAvailable(
                        position,
                        () -> connection.execute(() -> {
                            waiting = false;
                            proceed();
                        }));
            }
        } else if (underWay == 0 && source.available() == position) {
            if (begun) {
                connection.blobBroken(revision, position);
            }
            end(failure);
        }
    }

    private void end(@Nullable Throwable failure) {
        close();
        if (failure == null) {
            outcome.complete(source.size());
        } else {
            outcome.fail(failure);
        }
        connection.blobSent(this);
    }

    private void writeChunk(int length) throws IOException {
        Object content = content(length);
        ByteBuf head = channel.alloc().ioBuffer(96);
        codec.encodeBlobChunkHead(revision.oid(), revision.tid(), length, head);
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
        written.addListener(done -> chunkWritten(length, done.cause()));
        connection.watchForStall();
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

    private void chunkWritten(int length, @Nullable Throwable failure) {
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
            connection.drop("was being sent {}, which failed: {}", revision, failure);
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
