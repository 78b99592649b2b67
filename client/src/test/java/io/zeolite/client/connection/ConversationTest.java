package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.FrameDecoder;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a server counts as silent. */
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

    private void send(int bytes) {
        conversation.write(
                new Message.OneWay(Methods.STORE_BLOB_CHUNK, PyTuple.of((Object) new byte[bytes])),
                new CompletableFuture<>());
    }
}
