package io.zeolite.session;

import io.zeolite.error.CallException;
import io.zeolite.error.ZeoException;
import io.zeolite.logging.Logging;
import io.zeolite.message.Message;
import io.zeolite.storage.Completion;
import io.zeolite.storage.StorageAwayException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer that one call waits for. A call that is not to be answered has one too: its value goes nowhere, and its
 * failure ends the connection, as there is no other way to tell the client.
 */
final class Answer {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    private final Session session;
    private final Outbox outbox;
    private final @Nullable Object id;
    private final String method;
    private final boolean wanted;
    private int weight = 1;
    private boolean underWay;

    Answer(Session session, Outbox outbox, @Nullable Object id, String method, boolean wanted) {
        this.session = session;
        this.outbox = outbox;
        this.id = id;
        this.method = method;
        this.wanted = wanted;
    }

    /** Whether the client waits for it. */
    boolean isWanted() {
        return wanted;
    }

    /** Lets nothing more be taken from the client until this is answered: it may be large. */
    Answer alone() {
        weight = CallsUnderWay.MOST;
        return this;
    }

    /** Lets a few like this be under way at a time: it may be large, and take long, so others are not to wait for it. */
    Answer large() {
        weight = CallsUnderWay.MOST / 4;
        return this;
    }

    /** Whether a value can be a part of it. Any thread. */
    boolean canHold(@Nullable Object value) {
        return outbox.canSend(value);
    }

    /** The storage has thrown it, and will not answer any more. On the loop. */
    void refused(ZeoException failure) {
        failure(failure);
        end();
    }

    private void end() {
        if (underWay) {
            underWay = false;
            session.underWay().end(weight);
        }
    }

    /** On the loop. */
    void value(@Nullable Object value) {
        if (!wanted) {
            return;
        }
        try {
            outbox.send(new Message.Reply(id, value));
        } catch (IllegalArgumentException e) {
            // Nothing of it has been sent. Python's client would wait for ever for what it cannot read.
            LOG.error("({}) the answer to {} cannot be sent: {}", session.label(), method, e.getMessage());
            // The message is for those who know the server's classes.
            failure(CallException.badValue(
                    "Couldn't pickle response: it holds a value that cannot be sent in the encoding of this client"));
        }
    }

    /** On the loop. */
    void failure(Throwable failure) {
        if (failure instanceof StorageAwayException) {
            LOG.warn(Logging.NOISE, "({}) {} failed, closing: {}", session.label(), method, failure.getMessage());
            outbox.close();
            return;
        }
        ZeoException named;
        if (failure instanceof ZeoException zeo) {
            named = zeo;
        } else {
            LOG.error("({}) {} failed", session.label(), method, failure);
            named = CallException.storage(method + " failed: " + failure);
        }
        if (wanted) {
            outbox.send(new Message.ErrorReply(id, named.pythonClass(), named.detail()));
        } else {
            LOG.error("({}) {} without a reply failed, closing: {}", session.label(), method, named.getMessage());
            outbox.close();
        }
    }

    /** Something that answers when it completes, which it has to, from whatever thread: on the loop at once if this is it. */
    <T> Completion<T> with(Function<T, @Nullable Object> value) {
        return on(this::onLoop, value);
    }

    /** The same, behind all that is queued to the loop at the time of the completion. */
    <T> Completion<T> queuedWith(Function<T, @Nullable Object> value) {
        return on(outbox::execute, value);
    }

    private <T> Completion<T> on(Executor loop, Function<T, @Nullable Object> value) {
        underWay = true;
        session.underWay().begin(weight);
        return new Completion<>() {
            @Override
            public void complete(T result) {
                loop.execute(() -> {
                    valueOf(result, value);
                    end();
                });
            }

            @Override
            public void fail(Throwable failure) {
                loop.execute(() -> {
                    failure(failure);
                    end();
                });
            }

            @Override
            public boolean isAwaited() {
                return !session.isGone();
            }
        };
    }

    private <T> void valueOf(T result, Function<T, @Nullable Object> value) {
        try {
            value(value.apply(result));
        } catch (ZeoException e) {
            failure(e);
        }
    }

    private void onLoop(Runnable task) {
        if (outbox.inLoop()) {
            task.run();
        } else {
            outbox.execute(task);
        }
    }
}
