package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.zeolite.blob.BlobRevision;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.logging.Logging;
import io.zeolite.message.Message;
import io.zeolite.session.Outbox;
import io.zeolite.session.Session;
import io.zeolite.session.SessionSettings;
import io.zeolite.session.SharedMessages;
import io.zeolite.storage.Completion;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Storage;
import io.zeolite.wire.Codec;
import io.zeolite.wire.FrameTooLongException;
import io.zeolite.wire.Handshake;
import io.zeolite.wire.MalformedMessageException;
import io.zeolite.wire.UsualLoad;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's channel: gets frames, gives messages to the session, writes what the session sends.
 *
 * <p>Back-pressure works both ways. While the client does not read what it was sent, nothing more is read from it, so it
 * cannot ask for more; frames that had arrived already wait in the inbox. What comes for it unasked (invalidations) may
 * pile up to a limit, and not for ever: beyond either the client is dropped, which is always safe, since it verifies its
 * cache when it comes back. Event loop only, but for what {@link Outbox} excepts.
 */
final class Connection extends ChannelInboundHandlerAdapter implements Outbox, ConnectionLoop.Resident {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    /** Anybody can connect; what comes before a registration is short. */
    private static final int MAX_UNREGISTERED_BYTES = 64 << 10;

    private final Channel channel;
    private final ConnectionLoop loop;
    private final TransportSettings settings;
    private final StatusReport status;
    private final Set<BlobRevision> unreadable;
    private final Session session;
    private final String peer;

    private final ArrayDeque<ByteBuf> inbox = new ArrayDeque<>();
    /** Blobs that are on this machine, one after another. */
    private final ArrayDeque<BlobSender> blobs = new ArrayDeque<>();
    /** Blobs that are still arriving, side by side: they must not hold up the others. */
    private final Set<BlobSender> arriving = new HashSet<>();
    /** What the client has of blobs that broke off. */
    private final Map<BlobRevision, SentPart> broken = new HashMap<>();

    /** Written once, on the loop. */
    private volatile @Nullable Codec codec;

    private @Nullable Future<?> registerDeadline;
    private int pauses;
    private boolean writable = true;
    private boolean draining;
    /** The system may still have the end of the last one. */
    private boolean hasCarriedBlobs;
    /** It is asked nothing more, and gets the rest of blobs. */
    private boolean leaving;
    /** It is told nothing else. */
    private boolean silent;

    private boolean unflushed;
    private boolean flushQueued;
    private final Outgoing outgoing;
    /** The longest message since the client took all that it was sent, or nearly so. */
    private int longestBytes;

    private boolean watched;

    /**
     * @param bulk the loops that connections are on while they carry blobs
     * @param unreadable the blobs of which the disk could not give all; the same for all connections
     */
    Connection(
            Channel channel,
            EventLoopGroup bulk,
            TransportSettings settings,
            SessionSettings sessions,
            StatusReport status,
            Set<BlobRevision> unreadable) {
        this.unreadable = unreadable;
        this.channel = channel;
        this.outgoing = new Outgoing(channel.alloc());
        this.loop = new ConnectionLoop(channel, bulk, this);
        this.settings = settings;
        this.status = status;
        this.peer = Addresses.describe(channel.remoteAddress());
        this.session = new Session(sessions, this);
    }

    // In

    /** The longest message that it takes now, in bytes. Event loop only. */
    int maxMessageBytes() {
        return session.isRegistered()
                ? settings.maxMessageBytes()
                : Math.min(settings.maxMessageBytes(), MAX_UNREGISTERED_BYTES);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf announcement = channel.alloc().ioBuffer();
        Handshake.announce(settings.msgpack(), announcement);
        channel.writeAndFlush(announcement);
        registerDeadline =
                loop.schedule(this::checkRegistered, settings.handshakeTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void checkRegistered() {
        if (channel.isActive() && !session.isRegistered()) {
            String what = TlsPeer.isBeingSecured(channel) ? "end the TLS handshake" : "register";
            drop("did not {} within {} s", what, settings.handshakeTimeout().toSeconds());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf frame = (ByteBuf) message;
        if (pauses > 0 || !inbox.isEmpty()) {
            inbox.add(frame);
        } else {
            process(frame);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        flush();
    }

    private void process(ByteBuf frame) {
        try {
            if (leaving || !channel.isActive()) {
                return;
            }
            Codec encoding = codec;
            if (encoding == null) {
                handshake(frame);
                return;
            }
            receive(frame, encoding);
        } catch (MalformedMessageException e) {
            drop("sent what is no message: {}", e.getMessage());
        } catch (RuntimeException | Error e) {
            failed(e);
        } finally {
            frame.release();
        }
    }

    private void receive(ByteBuf frame, Codec codec) throws MalformedMessageException {
        UsualLoad load = codec.usualLoad();
        if (load.matches(frame)) {
            session.receiveLoad(load.oid(frame), load.before(frame));
            return;
        }
        ByteBuf chunk = codec.uploadedChunk(frame);
        if (chunk == null) {
            session.receive(codec.decode(frame));
        } else {
            loop.carried(chunk.readableBytes());
            session.receiveBlobChunk(new FrameBytes(chunk));
            loop.moveIfDue();
        }
    }

    private void handshake(ByteBuf frame) throws MalformedMessageException {
        if (Handshake.isStatusRequest(frame)) {
            channel.writeAndFlush(frame(status.json())).addListener(done -> channel.close());
            return;
        }
        Codec accepted = Handshake.accept(frame);
        codec = accepted;
        LOG.debug("({}) received handshake {}", peer, accepted.announcement());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof FrameTooLongException tooLong
                && tooLong.length() > settings.maxMessageBytes()
                && codec != null) {
            // Before the handshake it is another protocol, whose first bytes make a length.
            drop(
                    "sent a message of {} bytes, perhaps a large record (max-message-size: {})",
                    tooLong.length(),
                    settings.maxMessageBytes());
        } else if (cause instanceof MalformedMessageException) {
            drop("sent what is no message: {}", cause.getMessage());
        } else if (cause instanceof IOException) {
            LOG.debug("({}) {}", session.label(), cause.toString());
            channel.close();
        } else {
            failed(cause);
        }
    }

    /** Nobody knows what is left undone of what the client waits for. */
    private void failed(Throwable cause) {
        LOG.error("({}) unexpected failure, closing", session.label(), cause);
        channel.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        end();
    }

    /** Gives back all that is held for the client; once more does nothing. */
    private void end() {
        if (registerDeadline != null) {
            // It would keep all of this until then, and a health check comes every second.
            registerDeadline.cancel(false);
            registerDeadline = null;
        }
        session.disconnected();
        inbox.forEach(ReferenceCountUtil::release);
        inbox.clear();
        ReferenceCountUtil.release(outgoing.take());
        blobs.forEach(BlobSender::close);
        blobs.clear();
        arriving.forEach(BlobSender::close);
        arriving.clear();
    }

    // To another event loop

    @Override
    public void beforeMove() {
        pauseReading();
    }

    @Override
    public void afterMove() {
        resumeReading();
    }

    @Override
    public void lostInMove() {
        end();
    }

    // Out

    @Override
    public boolean canSend(@Nullable Object value) {
        Codec encoding = codec;
        return encoding != null && encoding.canHold(value);
    }

    @Override
    public void send(Message message) {
        if (!silent) {
            sendOfBlob(message);
        }
    }

    /** Sends what belongs to a blob, even if the client is told nothing else any more. */
    void sendOfBlob(Message message) {
        Codec encoding = codec;
        if (encoding == null || !takesMore()) {
            return;
        }
        int start = outgoing.length();
        encoding.encode(message, outgoing.buffer(0));
        appended(start);
    }

    @Override
    public void sendLoaded(long oid, long before, LoadResult.Loaded loaded) {
        Codec encoding = codec;
        if (encoding == null || silent || !takesMore()) {
            return;
        }
        int start = outgoing.length();
        ByteBuf out = outgoing.buffer(loaded.data().length);
        encoding.usualLoad().encodeAnswer(oid, before, loaded.data(), loaded.serial(), loaded.end(), out);
        appended(start);
    }

    @Override
    public boolean sendLoaded(long oid, long before, Storage storage) {
        Codec encoding = codec;
        if (encoding == null || silent || !takesMore()) {
            return false;
        }
        LoadedMessage message = new LoadedMessage(outgoing, encoding.usualLoad(), oid, before);
        if (storage.loadBefore(oid, before, message)) {
            appended(message.start());
            return true;
        }
        outgoing.truncate(message.start());
        return false;
    }

    /** A message is there, behind so many bytes. */
    private void appended(int start) {
        unflushed = true;
        longestBytes = Math.max(longestBytes, outgoing.length() - start);
        if (outgoing.isFull()) {
            writeOutgoing();
        }
    }

    /** Gives the messages to the channel that have been encoded, all in one. */
    private void writeOutgoing() {
        ByteBuf out = outgoing.take();
        if (out != null) {
            writeToChannel(out);
        }
    }

    private void writeToChannel(Object out) {
        channel.write(out, channel.voidPromise());
        if (writable && !channel.isWritable()) {
            // Under TLS it is told by a task, behind all that was asked for in this turn.
            becomesUnwritable();
        }
    }

    @Override
    public void sendShared(SharedMessages messages, int from, int to) {
        Codec encoding = codec;
        if (encoding == null || silent || !takesMore()) {
            return;
        }
        ByteBuffer frames = Frames.of(messages, encoding).range(from, to);
        if (frames.remaining() >= Frames.DIRECT_BYTES) {
            longestBytes = Math.max(longestBytes, frames.remaining());
            write(Unpooled.wrappedBuffer(frames));
        } else {
            int start = outgoing.length();
            outgoing.buffer(frames.remaining()).writeBytes(frames);
            appended(start);
        }
    }

    /** Drops a client for which too much is waiting already, beside one message that may be as long as a record. */
    private boolean takesMore() {
        if (!channel.isActive()) {
            return false;
        }
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        if (pending != null && pending.totalPendingWriteBytes() - longestBytes > settings.clientBufferBytes()) {
            drop(
                    "does not read: {} bytes wait for it (client-buffer-limit: {})",
                    pending.totalPendingWriteBytes(),
                    settings.clientBufferBytes());
            return false;
        }
        return true;
    }

    void write(Object out) {
        writeOutgoing();
        writeToChannel(out);
        unflushed = true;
    }

    @Override
    public void sendBlob(long oid, long serial, OpenBlob source, Completion<Long> outcome) {
        Codec encoding = codec;
        if (encoding == null || leaving || !channel.isActive()) {
            BlobSender.close(source);
            return;
        }
        hasCarriedBlobs = true;
        BlobRevision revision = new BlobRevision(oid, serial);
        SentPart has = broken.remove(revision);
        BlobSender sender = new BlobSender(this, channel, encoding, revision, source, unreadable, has, outcome);
        if (source.available() < source.size()) {
            arriving.add(sender);
            sender.start();
            return;
        }
        blobs.add(sender);
        if (blobs.size() == 1) {
            sender.start();
            watchForStall();
        }
    }

    /** So many bytes of a blob have left for the client. */
    void blobBytesSent(int bytes) {
        loop.carried(bytes);
    }

    /** A blob has been written, or will not be: the next one begins. */
    void blobSent(BlobSender sender) {
        boolean wasArriving = arriving.remove(sender);
        blobs.remove(sender);
        if (!wasArriving && !blobs.isEmpty()) {
            blobs.element().start();
        } else if (leaving) {
            leaveIfNoBlobHasBegun();
        }
    }

    /** A blob was sent in part and will not go on; the client keeps what it has. */
    void blobBroken(BlobRevision revision, SentPart part) {
        broken.put(revision, part);
    }

    void flush() {
        if (unflushed) {
            unflushed = false;
            writeOutgoing();
            channel.flush();
        }
    }

    @Override
    public void execute(Runnable task) {
        queue(() -> {
            run(task);
            flush();
        });
    }

    @Override
    public void executeUnasked(Runnable task) {
        queue(() -> {
            run(task);
            if (unflushed && !flushQueued) {
                flushQueued = true;
                queue(this::flushQueued);
            }
        });
    }

    private void flushQueued() {
        flushQueued = false;
        flush();
    }

    /** Netty would only log what it throws, and the client wait. */
    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            failed(e);
        }
    }

    private void queue(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            // The server has stopped: there is nobody left to tell.
            LOG.debug("({}) {}", peer, e.toString());
        }
    }

    /** Has a task done when the loop has looked for what its other connections have received. */
    void executeInNextTurn(Runnable task) {
        // Tasks that come one after the other go before that, for up to a second; what is due at a time does not.
        loop.schedule(
                () -> {
                    if (loop.moveIfDue()) {
                        execute(task);
                    } else {
                        run(task);
                        flush();
                    }
                },
                1,
                TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean inLoop() {
        return loop.isCurrent();
    }

    @Override
    public void close() {
        if (inLoop()) {
            // What was said last may be why.
            flush();
            channel.close();
        } else {
            queue(channel::close);
        }
    }

    @Override
    public void leave() {
        queue(() -> {
            silent = true;
            beginToLeave();
        });
    }

    /**
     * Ends the connection, at once if it has carried no blob. Others end when the client has all of those that it has a part of, as
     * Python's client would append all of such a one to the part, when it is back. Any thread.
     */
    void closeAfterBlobs() {
        queue(() -> {
            if (hasCarriedBlobs) {
                beginToLeave();
            } else {
                close();
            }
        });
    }

    private void beginToLeave() {
        if (!leaving && channel.isActive()) {
            leaving = true;
            BlobSender started = blobs.peek();
            arriving.removeIf(Connection::isDropped);
            blobs.removeIf(Connection::isDropped);
            if (!blobs.isEmpty() && blobs.element() != started) {
                // The client has a part of it from an attempt that failed.
                blobs.element().start();
            } else {
                leaveIfNoBlobHasBegun();
            }
        }
    }

    private static boolean isDropped(BlobSender sender) {
        if (sender.hasBegun()) {
            return false;
        }
        sender.close();
        return true;
    }

    private void leaveIfNoBlobHasBegun() {
        if (!blobs.isEmpty() || !arriving.isEmpty()) {
            return;
        }
        flush();
        // Closed from here while there is something to be read from it, the connection would lose what it still
        // carries.
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> ((DuplexChannel) channel).shutdownOutput());
        loop.schedule(() -> channel.close(), settings.clientStallTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public String peer() {
        return peer;
    }

    /** Ends the connection with one line in the log. */
    void drop(String why, @Nullable Object... arguments) {
        if (channel.isActive()) {
            @Nullable Object[] all = new @Nullable Object[arguments.length + 1];
            all[0] = session.label();
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            LOG.warn(Logging.NOISE, "({}) dropped: it " + why, all);
        }
        channel.close();
    }

    // Back-pressure

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        // Under TLS it is told later, and the same more than once.
        if (channel.isWritable() == writable) {
            return;
        }
        if (writable) {
            becomesUnwritable();
        } else {
            writable = true;
            longestBytes = 0;
            resumeReading();
        }
    }

    private void becomesUnwritable() {
        writable = false;
        pauseReading();
        watchForStall();
    }

    @Override
    public void pauseReading() {
        if (pauses++ == 0) {
            channel.config().setAutoRead(false);
        }
    }

    @Override
    public void resumeReading() {
        pauses--;
        if (draining) {
            return;
        }
        draining = true;
        try {
            while (pauses == 0 && !inbox.isEmpty()) {
                process(inbox.remove());
            }
        } finally {
            draining = false;
        }
        flush();
        if (pauses == 0) {
            channel.config().setAutoRead(true);
        }
    }

    /** Drops the client if, from now to one timeout later, it takes nothing of what waits for it. */
    void watchForStall() {
        if (watched) {
            return;
        }
        watched = true;
        Progress before = progress();
        loop.schedule(
                () -> {
                    watched = false;
                    if (!channel.isActive() || (channel.isWritable() && !blobWaitsForClient())) {
                        return;
                    }
                    if (progress().equals(before)) {
                        drop(
                                "has read nothing for {} s",
                                settings.clientStallTimeout().toSeconds());
                    } else {
                        watchForStall();
                    }
                },
                settings.clientStallTimeout().toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** What is seen of a client that reads: the first message that waits gets shorter, or is another one. */
    private record Progress(@Nullable Object first, long firstBytesSent, long blobBytesSent) {}

    private boolean blobWaitsForClient() {
        return Stream.concat(blobs.stream(), arriving.stream()).anyMatch(BlobSender::waitsForClient);
    }

    private Progress progress() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        long blobBytes = blobs.isEmpty() ? 0 : blobs.element().bytesSent();
        for (BlobSender sender : arriving) {
            blobBytes += sender.bytesSent();
        }
        return pending == null
                ? new Progress(null, 0, blobBytes)
                : new Progress(System.identityHashCode(pending.current()), pending.currentProgress(), blobBytes);
    }

    private ByteBuf frame(String text) {
        ByteBuf out = channel.alloc().ioBuffer(4 + text.length());
        out.writeInt(text.length());
        ByteBufUtil.writeAscii(out, text);
        return out;
    }
}
