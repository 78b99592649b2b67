package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.unix.Errors;
import io.zeolite.blob.BlobRevision;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.CallException;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.wire.Codec;
import io.zeolite.zodb.Ids;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.Set;
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

    /** Enough to keep the socket busy until the next turn, and the most that is sent in one. */
    private static final int CHUNKS_UNDER_WAY = 8;

    /** Of Linux: {@code EPIPE, ENETUNREACH, ECONNRESET, ETIMEDOUT, EHOSTUNREACH}. */
    private static final Set<Integer> ERRORS_OF_CONNECTIONS = Set.of(32, 101, 104, 110, 113);

    private final Connection connection;
    private final Channel channel;
    private final Codec codec;
    private final BlobRevision revision;
    private final OpenBlob source;
    private final Completion<Long> outcome;
    private final boolean encrypted;
    private final Set<BlobRevision> unreadable;

    /** Whether all of it is to be read before the client gets any of it. */
    private boolean doubtful;

    /** What the client has of it already, which is not compared yet. */
    private @Nullable SentPart has;

    /** While it reads all of it, compares what the client has, or sums up what it keeps after a failure. */
    private @Nullable PartChecksum summing;

    private @Nullable Throwable failure;
    private boolean begun;
    private long position;
    private long sent;
    private int underWay;
    private boolean waiting;
    private boolean turnAwaited;
    private boolean ended;

    /**
     * @param unreadable the blobs of which the disk could not give all that was to be sent; this one may become, or cease
     *     to be, one of them
     * @param has what the client has of it, from an attempt that failed on this connection; null for nothing
     */
    BlobSender(
            Connection connection,
            Channel channel,
            Codec codec,
            BlobRevision revision,
            OpenBlob source,
            Set<BlobRevision> unreadable,
            @Nullable SentPart has,
            Completion<Long> outcome) {
        this.connection = connection;
        this.channel = channel;
        this.codec = codec;
        this.revision = revision;
        this.source = source;
        this.has = has;
        this.outcome = outcome;
        this.encrypted = TlsPeer.isSecured(channel);
        this.unreadable = unreadable;
        this.doubtful = source.available() == source.size() && unreadable.contains(revision);
    }

    void start() {
        proceed();
        connection.flush();
    }

    /** Bytes that have left for the client. */
    long bytesSent() {
        return sent;
    }

    /** Whether the client has some of it, and should get the rest. */
    boolean hasBegun() {
        return begun || has != null;
    }

    /** Whether there are bytes that the client has not taken yet. */
    boolean waitsForClient() {
        return underWay > 0;
    }

    private PyTuple key() {
        return PyTuple.of(Ids.bytes(revision.oid()), Ids.bytes(revision.tid()));
    }

    private void proceed() {
        if (ended) {
            return;
        }
        if (failure != null) {
            breakOff(failure);
        } else if (doubtful) {
            readThrough();
        } else if (has != null) {
            compare(has);
        } else {
            sendAvailable();
        }
    }

    /** Finds out whether the disk gives all of it now: if not, the client gets an error in place of a part. */
    private void readThrough() {
        try {
            if (summing == null) {
                summing = new PartChecksum(source, source.size());
            }
            summing.proceed();
        } catch (IOException e) {
            CallException why = cannotRead(e);
            if (has == null) {
                end(why);
            } else {
                keepAndEnd(has, why);
            }
            return;
        }
        if (summing.isComplete()) {
            unreadable.remove(revision);
            doubtful = false;
            summing = null;
            proceed();
        } else {
            proceedInNextTurn();
        }
    }

    private CallException cannotRead(Throwable why) {
        unreadable.add(revision);
        LOG.error("{} cannot be read: {}", revision, why.toString());
        return CallException.storage(revision + " cannot be read: " + why);
    }

    /** Sees whether what the client has is the beginning of this; if so, goes on behind it. */
    private void compare(SentPart part) {
        if (part.crc32c() == null || part.bytes() > source.size()) {
            refuse(part);
            return;
        }
        try {
            if (summing == null) {
                summing = new PartChecksum(source, part.bytes());
            }
            summing.proceed();
        } catch (IOException e) {
            keepAndEnd(part, cannotRead(e));
            return;
        }
        if (!summing.isComplete()) {
            awaitMore(summing.position());
        } else if (summing.crc32c() == part.crc32c()) {
            begun = true;
            position = part.bytes();
            has = null;
            summing = null;
            sendAvailable();
        } else {
            refuse(part);
        }
    }

    private void refuse(SentPart part) {
        keepAndEnd(
                part,
                CallException.storage(revision + " cannot be sent: of an attempt that failed the client keeps "
                        + part.bytes() + " bytes that are not its beginning, and would append to them (remove its file"
                        + " that ends in .dl from its blob cache, and restart it)"));
    }

    /** The client still has what it had. */
    private void keepAndEnd(SentPart part, Throwable why) {
        connection.blobBroken(revision, part);
        end(why);
    }

    private void sendAvailable() {
        long available = source.available();
        if (!begun && (available > position || source.size() == position)) {
            begun = true;
            connection.sendOfBlob(new Message.OneWay(Methods.RECEIVE_BLOB_START, key()));
        }
        while (position < available && underWay < CHUNKS_UNDER_WAY) {
            try {
                writeChunk((int) Math.min(CHUNK_BYTES, available - position));
            } catch (IOException e) {
                breakOff(cannotRead(e));
                return;
            }
        }
        if (position == source.size()) {
            finishIfWritten();
        } else if (position == available) {
            awaitMore(position);
        }
    }

    private void finishIfWritten() {
        if (underWay == 0) {
            connection.sendOfBlob(new Message.OneWay(Methods.RECEIVE_BLOB_STOP, key()));
            end(null);
        }
    }

    /** Goes on when there is something behind a position, or hears that there will not be. */
    private void awaitMore(long behind) {
        Throwable failed = source.failure();
        if (failed == null || source.available() > behind) {
            if (!waiting) {
                waiting = true;
                source.whenAvailable(
                        behind,
                        () -> connection.execute(() -> {
                            waiting = false;
                            proceed();
                        }));
            }
        } else if (has != null) {
            keepAndEnd(has, failed);
        } else {
            breakOff(failed);
        }
    }

    /** Ends when all that was written has left, and it is known what the client keeps. */
    private void breakOff(Throwable why) {
        failure = why;
        if (underWay > 0) {
            return;
        }
        if (!begun) {
            end(why);
            return;
        }
        try {
            if (summing == null) {
                summing = new PartChecksum(source, position);
            }
            summing.proceed();
        } catch (IOException e) {
            LOG.warn("cannot find out what a client keeps of {}: {}", revision, e.toString());
            keepAndEnd(new SentPart(position, null), why);
            return;
        }
        if (summing.isComplete()) {
            keepAndEnd(new SentPart(position, summing.crc32c()), why);
        } else {
            connection.execute(this::proceed);
        }
    }

    private void end(@Nullable Throwable why) {
        close();
        if (why == null) {
            outcome.complete(source.size());
        } else {
            outcome.fail(why);
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

    private void chunkWritten(int length, @Nullable Throwable problem) {
        underWay--;
        if (ended) {
            return;
        }
        if (problem != null) {
            fail(problem);
            return;
        }
        sent += length;
        connection.blobBytesSent(length);
        if (position < source.size()) {
            proceedInNextTurn();
        } else {
            proceed();
            connection.flush();
        }
    }

    /** However fast a client takes its blob, the loop looks at the others each time that some chunks have left. */
    private void proceedInNextTurn() {
        if (!turnAwaited) {
            turnAwaited = true;
            connection.executeInNextTurn(() -> {
                turnAwaited = false;
                proceed();
            });
        }
    }

    private void fail(Throwable why) {
        ended = true;
        // A vanished client is no news. Else it has a part of a message, and nothing but a new connection helps: this
        // one has been closed already, whichever of the two it was.
        if (!isOfConnection(why)) {
            cannotRead(why);
        }
        channel.close();
    }

    private boolean isOfConnection(Throwable why) {
        return why instanceof IOException
                && (encrypted
                        || why instanceof ClosedChannelException
                        || (why instanceof Errors.NativeIoException error
                                && ERRORS_OF_CONNECTIONS.contains(-error.expectedErr())));
    }

    void close() {
        ended = true;
        close(source);
    }

    static void close(OpenBlob source) {
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
