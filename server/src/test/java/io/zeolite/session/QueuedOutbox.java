package io.zeolite.session;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.message.Message;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.storage.Completion;
import io.zeolite.wire.Codec;
import io.zeolite.wire.PickleCodec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client that keeps what it is sent, and whose event loop is a queue that a test runs when it likes. */
class QueuedOutbox implements Outbox {
    final ArrayDeque<Runnable> loop = new ArrayDeque<>();
    final List<Message> sent = new ArrayList<>();
    /** What the client has chosen in the handshake. */
    Codec encoding = new PickleCodec(ValueLimits.FROM_CLIENT);
    /** How often reading was paused without having been resumed. */
    int pauses;

    @Override
    public boolean canSend(@Nullable Object value) {
        return encoding.canHold(value);
    }

    @Override
    public void sendShared(SharedMessages messages, int from, int to) {
        messages.all().subList(from, to).forEach(this::send);
    }

    @Override
    public void send(Message message) {
        sent.add(message);
    }

    @Override
    public void sendBlob(long oid, long serial, OpenBlob source, Completion<Long> outcome) {
        throw new AssertionError("there are no blobs");
    }

    @Override
    public void execute(Runnable task) {
        loop.add(task);
    }

    @Override
    public void executeUnasked(Runnable task) {
        loop.add(task);
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void pauseReading() {
        pauses++;
    }

    @Override
    public void resumeReading() {
        pauses--;
    }

    @Override
    public void close() {
        throw new AssertionError("the session closed the connection");
    }

    @Override
    public String peer() {
        return "a test";
    }
}
