package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.zeolite.blob.BlobRevision;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.logging.RecordedLog;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.session.ServedStorage;
import io.zeolite.session.SessionSettings;
import io.zeolite.session.SharedMessages;
import io.zeolite.storage.RecordTarget;
import io.zeolite.storage.Storage;
import io.zeolite.wire.Codec;
import io.zeolite.wire.FrameDecoder;
import io.zeolite.wire.PickleCodec;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A connection whose client takes what was sent to it when it is flushed, and not before. */
final class ConnectionTest {
    private static final int BUFFER_LIMIT = 1 << 20;
    private static final int LONG = 5 << 20;
    private static final Codec CODEC = new PickleCodec(ValueLimits.FROM_CLIENT);
    private static final BlobRevision DOUBTED = new BlobRevision(5, 6);

    private final EmbeddedChannel channel = new EmbeddedChannel();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Connection connection;

    @BeforeEach
    void connect() {
        connection = connection(channel);
        channel.pipeline().addLast(connection);
        channel.writeInbound(Unpooled.copiedBuffer("Z5", StandardCharsets.US_ASCII));
    }

    private static Connection connection(EmbeddedChannel channel) {
        Duration patient = Duration.ofMinutes(1);
        return new Connection(
                channel,
                channel.eventLoop(),
                new TransportSettings(false, 1 << 20, BUFFER_LIMIT, patient, patient, 1),
                new SessionSettings(Map.of("1", broken()), Runnable::run, 1 << 20),
                () -> "{}",
                new HashSet<>(Set.of(DOUBTED)));
    }

    private static ServedStorage broken() {
        Storage storage = (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, args) -> {
                    throw new IllegalStateException("a bug");
                });
        return new ServedStorage("1", storage, true, Duration.ZERO, Instant.EPOCH);
    }

    @AfterEach
    void disconnect() {
        channel.finishAndReleaseAll();
    }

    private static Message message(int bytes) {
        return new Message.Reply(1L, new byte[bytes]);
    }

    private void send(int bytes, int times) {
        for (int i = 0; i < times; i++) {
            connection.send(message(bytes));
        }
    }

    private long flushed() {
        connection.flush();
        long bytes = 0;
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            bytes += out.readableBytes();
            out.release();
        }
        return bytes;
    }

    @Test
    void messageBeyondTheLimit_othersComeBehindIt_allAreSent() {
        send(LONG, 1);
        connection.sendShared(new SharedMessages(List.of(message(100))), 0, 1);
        send(1000, 100);
        assertThat(channel.isActive()).isTrue();
        assertThat(flushed()).isGreaterThan(LONG + 100 * 1000);
    }

    @Test
    void sharedMessageBeyondTheLimit_othersComeBehindIt_allAreSent() {
        connection.sendShared(new SharedMessages(List.of(message(LONG))), 0, 1);
        send(1000, 100);
        assertThat(channel.isActive()).isTrue();
        assertThat(flushed()).isGreaterThan(LONG + 100 * 1000);
    }

    /** Short ones are copied, long ones are not; and of the latter a short part is. */
    @Test
    void sharedMessages_betweenOthers_keepTheirPlace() {
        SharedMessages few = new SharedMessages(List.of(message(10), message(20)));
        SharedMessages many = new SharedMessages(List.of(message(30), message(5000), message(40), message(50)));
        connection.send(message(1));
        connection.sendShared(few, 0, 2);
        connection.send(message(2));
        connection.sendShared(many, 0, 4);
        connection.send(message(3));
        connection.sendShared(many, 2, 4);
        connection.sendShared(many, 1, 2);
        connection.flush();

        ByteBuf expected = Unpooled.buffer();
        for (int bytes : new int[] {1, 10, 20, 2, 30, 5000, 40, 50, 3, 40, 50, 5000}) {
            CODEC.encode(message(bytes), expected);
        }
        assertThat(sent()).isEqualTo(expected);
    }

    private ByteBuf sent() {
        ByteBuf sent = Unpooled.buffer();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            sent.writeBytes(out);
            out.release();
        }
        return sent;
    }

    /** What the storage has no revision for, or cannot read, leaves nothing behind. */
    @Test
    void recordsThatAStorageReads_betweenOthers_areTheSameMessages() {
        byte[] record = new byte[3000];
        Arrays.fill(record, (byte) 7);
        connection.send(message(1));
        assertThat(connection.sendLoaded(1, Tid.MAX, reading(record, 1, true))).isTrue();
        assertThat(connection.sendLoaded(2, Tid.MAX, reading(record, 1, false))).isFalse();
        assertThat(connection.sendLoaded(3, 20, reading(record, 2, true))).isTrue();
        connection.send(message(2));
        connection.flush();

        ByteBuf expected = Unpooled.buffer();
        CODEC.encode(message(1), expected);
        CODEC.usualLoad().encodeAnswer(1, Tid.MAX, record, 10, 20, expected);
        CODEC.usualLoad().encodeAnswer(3, 20, record, 10, 20, expected);
        CODEC.encode(message(2), expected);
        assertThat(sent()).isEqualTo(expected);
    }

    @Test
    void firstRecord_cannotBeRead_nothingIsSent() {
        assertThat(connection.sendLoaded(1, Tid.MAX, reading(new byte[100_000], 1, false)))
                .isFalse();
        assertThat(flushed()).isZero();
    }

    /** A storage that gives a record of the transaction 10 at some attempt, or not even then; at others half of another. */
    private static Storage reading(byte[] record, int attempts, boolean isFound) {
        return (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, args) -> {
                    RecordTarget target = (RecordTarget) args[2];
                    for (int i = 1; i < attempts; i++) {
                        target.room(1 + record.length / 2).put((byte) 99);
                    }
                    ByteBuffer room = target.room(record.length);
                    assertThat(room.remaining()).isEqualTo(record.length);
                    room.put(record);
                    if (isFound) {
                        target.loaded(10, 20);
                    }
                    return isFound;
                });
    }

    /** Under TLS that is told by a task, when all that was asked for in the same turn has been answered. */
    @Test
    void channelThatIsFull_andDoesNotTellYet_isNotReadFrom() {
        AtomicBoolean full = new AtomicBoolean();
        EmbeddedChannel late = new EmbeddedChannel() {
            @Override
            public boolean isWritable() {
                return !full.get();
            }
        };
        Connection other = connection(late);
        late.pipeline().addLast(other);
        late.writeInbound(Unpooled.copiedBuffer("Z5", StandardCharsets.US_ASCII));

        full.set(true);
        other.send(message(100_000));
        assertThat(late.config().isAutoRead()).isFalse();
        late.pipeline().fireChannelWritabilityChanged();
        assertThat(late.config().isAutoRead()).isFalse();

        full.set(false);
        late.pipeline().fireChannelWritabilityChanged();
        assertThat(late.config().isAutoRead()).isTrue();
        late.finishAndReleaseAll();
    }

    /** Anybody can connect. */
    @Test
    void messageOfAnUnregisteredClient_isShort() {
        assertThat(connection.maxMessageBytes()).isEqualTo(64 << 10);
    }

    @Test
    void moreThanTheLimitBehindALongMessage_isDropped() {
        send(LONG, 1);
        send(100_000, 12);
        assertThat(channel.isActive()).isFalse();
    }

    @Test
    void moreThanTheLimit_afterALongMessageWasTaken_isDropped() {
        send(LONG, 1);
        assertThat(flushed()).isGreaterThan(LONG);
        send(100_000, 12);
        assertThat(channel.isActive()).isTrue();
        send(100_000, 1);
        assertThat(channel.isActive()).isFalse();
    }

    @Test
    void messageThatIsTooLong_isDroppedWithTheKeyOfTheLimit() {
        assertThat(droppedBecauseOf(channel, 110_000_095))
                .endsWith("dropped: it sent a message of 110000095 bytes, perhaps a large record"
                        + " (max-message-size: 1048576)");
        assertThat(channel.isActive()).isFalse();
    }

    @Test
    void anotherProtocolsFirstBytes_areNoMessage() {
        EmbeddedChannel other = new EmbeddedChannel();
        other.pipeline().addLast(connection(other));
        int get = 0x47455420;
        assertThat(droppedBecauseOf(other, get)).contains("dropped: it sent what is no message: frame length: " + get);
        other.finishAndReleaseAll();
    }

    /** What is logged when such a length comes. */
    private static String droppedBecauseOf(EmbeddedChannel channel, int length) {
        channel.pipeline().addFirst(new FrameDecoder(1 << 20));
        try (RecordedLog log = new RecordedLog("ZEO.StorageServer")) {
            channel.writeInbound(Unpooled.buffer().writeInt(length));
            return log.messages().get(0);
        }
    }

    @Test
    void blobIsReadForLongBeforeItIsSent_clientIsNotTakenForStuck(@TempDir Path directory) throws IOException {
        channel.freezeTime();
        Path file = Files.write(directory.resolve("blob"), new byte[LONG]);
        CompletableFuture<Long> outcome = new CompletableFuture<>();
        connection.sendBlob(
                DOUBTED.oid(),
                DOUBTED.tid(),
                new OpenBlob.LocalFile(FileChannel.open(file), LONG),
                BlobSenderTest.to(outcome));
        channel.advanceTimeBy(61, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isActive()).isTrue();
        assertThat(flushed()).isZero();
        while (!outcome.isDone()) {
            channel.runPendingTasks();
            channel.advanceTimeBy(1, TimeUnit.NANOSECONDS);
            channel.runScheduledPendingTasks();
            channel.releaseOutbound();
        }
        assertThat(outcome.join()).isEqualTo(LONG);
    }

    @Test
    void closeAfterBlobs_clientHasPartsOfTwo_getsTheRestOfBoth(@TempDir Path directory) throws IOException {
        assertThat(sentAfterClose(directory, new BlobRevision(7, 8))).containsExactly(LONG, LONG);
    }

    @Test
    void closeAfterBlobs_firstHasNotBegun_restOfTheNextIsSent(@TempDir Path directory) throws IOException {
        assertThat(sentAfterClose(directory, DOUBTED)).containsExactly(null, LONG);
    }

    /** What becomes of two blobs, of which the client has a part of the second one, when the server ends; null for nothing. */
    private List<@Nullable Integer> sentAfterClose(Path directory, BlobRevision first) throws IOException {
        Path file = Files.write(directory.resolve("blob"), new byte[LONG]);
        BlobRevision second = new BlobRevision(9, 10);
        CRC32C crc = new CRC32C();
        crc.update(new byte[100]);
        connection.blobBroken(second, new SentPart(100, (int) crc.getValue()));
        List<CompletableFuture<Long>> outcomes = List.of(new CompletableFuture<>(), new CompletableFuture<>());
        for (int i = 0; i < 2; i++) {
            BlobRevision revision = i == 0 ? first : second;
            connection.sendBlob(
                    revision.oid(),
                    revision.tid(),
                    new OpenBlob.LocalFile(FileChannel.open(file), LONG),
                    BlobSenderTest.to(outcomes.get(i)));
        }
        connection.closeAfterBlobs();
        while (!outcomes.get(1).isDone()) {
            channel.runPendingTasks();
            channel.runScheduledPendingTasks();
            channel.releaseOutbound();
        }
        return outcomes.stream()
                .<@Nullable Integer>map(outcome -> outcome.isDone() ? Math.toIntExact(outcome.join()) : null)
                .toList();
    }

    @Test
    void messageThatWaitedAndFails_endsTheConnection() {
        ByteBuf frame = Unpooled.buffer();
        new PickleCodec(ValueLimits.FROM_CLIENT)
                .encode(new Message.Call(1L, Methods.REGISTER, PyTuple.of("1", true)), frame);
        // What the decoder of frames takes off.
        frame.skipBytes(4);
        connection.pauseReading();
        channel.writeInbound(frame);
        assertThat(channel.isActive()).isTrue();
        connection.resumeReading();
        assertThat(channel.isActive()).isFalse();
    }

    @Test
    void taskThatFails_endsTheConnection() {
        connection.execute(() -> {
            throw new IllegalStateException("a bug");
        });
        channel.runPendingTasks();
        assertThat(channel.isActive()).isFalse();
    }
}
