package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.wire.BlobPiece;
import io.zeolite.wire.FrameDecoder;
import io.zeolite.wire.MsgpackCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a server counts as silent, and what becomes of a connection on which something cannot be sent. */
final class ConversationTest {
    private static final int FRAME_BYTES = 1 << 20;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final Conversation conversation = new Conversation("server", Duration.ofHours(1), ServerMessages.IGNORED);
    private final SlowChannel channel = new SlowChannel(
            EmbeddedChannel.builder().ticker(ticker).handlers(new FrameDecoder(FRAME_BYTES), conversation));

    /** Sends nothing by itself. */
    private static final class SlowChannel extends EmbeddedChannel {
        private SlowChannel(Builder builder) {
            super(builder);
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) {}

        private ChannelOutboundBuffer waiting() {
            return Objects.requireNonNull(unsafe().outboundBuffer());
        }

        private void sendAll() {
            runPendingTasks();
            while (waiting().remove()) {
                // The next one.
            }
        }
    }

    @BeforeEach
    void handshake() {
        channel.writeInbound(Unpooled.buffer().writeInt(2).writeByte('M').writeByte('5'));
        channel.sendAll();
        assertThat(conversation.ready()).isDone();
        assertThat(quietSeconds()).isZero();
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void passSeconds(int seconds) {
        ticker.advance(seconds, TimeUnit.SECONDS);
    }

    private long quietSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(conversation.quietNanos());
    }

    @Test
    void server_thatSendsPartOfALongMessage_isHeard() {
        ByteBuf part = Unpooled.buffer().writeInt(FRAME_BYTES).writeZero(100);
        passSeconds(20);
        assertThat(quietSeconds()).isEqualTo(20);
        channel.writeInbound(part);
        assertThat(quietSeconds()).isZero();
        passSeconds(20);
        channel.writeInbound(Unpooled.buffer().writeZero(1));
        passSeconds(1);
        assertThat(quietSeconds()).isEqualTo(1);
    }

    @Test
    void question_behindOthersThatGoOut_isNotExpectedToBeAnswered() {
        send(FRAME_BYTES / 2);
        conversation.ask();
        channel.runPendingTasks();
        assertThat(quietSeconds()).isZero();
        passSeconds(20);
        channel.waiting().removeBytes(1000);
        assertThat(quietSeconds()).isZero();
        passSeconds(20);
        assertThat(quietSeconds()).as("nothing goes out").isEqualTo(20);
        channel.waiting().removeBytes(1000);
        assertThat(quietSeconds()).isZero();
    }

    /** The system takes some of what is sent even when the server is gone. */
    @Test
    void question_thatHasLeft_isExpectedToBeAnswered_whateverElseGoesOut() {
        conversation.ask();
        channel.sendAll();
        passSeconds(20);
        send(1000);
        channel.runPendingTasks();
        assertThat(quietSeconds()).isEqualTo(20);
        channel.sendAll();
        passSeconds(20);
        assertThat(quietSeconds()).isEqualTo(40);
    }

    /** One of a transaction, say, of which the next one would make believe that it is known. */
    @Test
    void messagesBehindOneThatCannotBeUnderstood_areNotHeard() {
        List<String> heard = new ArrayList<>();
        Conversation other = new Conversation("server", Duration.ofHours(1), new ServerMessages() {
            @Override
            public void received(String method, PyTuple args) {
                heard.add(method);
                if (method.equals("second")) {
                    throw new OutOfMemoryError("of a test");
                }
            }

            @Override
            public void received(BlobPiece piece) {
                heard.add("a piece");
            }
        });
        EmbeddedChannel connected = new EmbeddedChannel(new FrameDecoder(FRAME_BYTES), other);
        connected.writeInbound(Unpooled.buffer().writeInt(2).writeByte('M').writeByte('5'));
        ByteBuf together = Unpooled.buffer();
        for (String method : List.of("first", "second", "third")) {
            new MsgpackCodec(ValueLimits.FROM_CLIENT).encode(new Message.OneWay(method, PyTuple.EMPTY), together);
        }
        connected.writeInbound(together);
        assertThat(heard).containsExactly("first", "second");
        assertThat(connected.isActive()).isFalse();
        connected.finishAndReleaseAll();
    }

    /** Its answers may have become part of a frame that does not end. */
    @Test
    void question_thatIsNotAnswered_isNotAskedAgain() {
        conversation.ask();
        channel.sendAll();
        channel.writeInbound(Unpooled.buffer().writeInt(FRAME_BYTES).writeZero(100));
        passSeconds(20);
        conversation.ask();
        channel.runPendingTasks();
        assertThat(channel.waiting().isEmpty()).isTrue();
        assertThat(quietSeconds()).isEqualTo(20);
    }

    @Test
    void server_thatIsNotRead_isNotExpectedToBeHeard() {
        channel.config().setAutoRead(false);
        passSeconds(40);
        assertThat(quietSeconds()).isZero();
        channel.config().setAutoRead(true);
        passSeconds(5);
        assertThat(quietSeconds()).isEqualTo(5);
    }

    /** The others of its transaction would be committed without it. */
    @Test
    void message_thatDoesNotFitIntoMemory_endsTheConnection() {
        List<ByteBuf> taken = new ArrayList<>();
        channel.config().setAllocator(new SmallBuffers(taken));
        CompletableFuture<Object> lost = new CompletableFuture<>();
        CompletableFuture<Object> vote = new CompletableFuture<>();
        conversation.write(new Message.OneWay(Methods.STORE, PyTuple.of((Object) new byte[1000])), lost);
        conversation.call(Methods.VOTE, PyTuple.EMPTY, vote);
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isFalse();
        assertThat(lost).isCompletedExceptionally();
        assertThat(vote).isCompletedExceptionally();
        assertThat(taken).singleElement().satisfies(frame -> assertThat(frame.refCnt())
                .isZero());
    }

    /** None of them takes what a test sends. */
    private static final class SmallBuffers extends AbstractByteBufAllocator {
        private final List<ByteBuf> taken;

        private SmallBuffers(List<ByteBuf> taken) {
            this.taken = taken;
        }

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            ByteBuf buffer = Unpooled.buffer(100, 100);
            taken.add(buffer);
            return buffer;
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            return newHeapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    private void send(int bytes) {
        conversation.write(
                new Message.OneWay(Methods.STORE_BLOB_CHUNK, PyTuple.of((Object) new byte[bytes])),
                new CompletableFuture<>());
    }
}
