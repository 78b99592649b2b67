package io.zeolite.session;

import io.zeolite.storage.Completion;
import io.zeolite.storage.LoadResult;

/**
 * Answers a load whose id is the pair of its arguments, on the loop: at once if this is it. What is no revision is
 * answered like any call.
 */
final class LoadAnswer implements Completion<LoadResult> {
    private final Session session;
    private final Outbox outbox;
    private final long oid;
    private final long before;
    private boolean answered;
    private boolean underWay;

    LoadAnswer(Session session, Outbox outbox, long oid, long before) {
        this.session = session;
        this.outbox = outbox;
        this.oid = oid;
        this.before = before;
    }

    /** The storage has been asked; it may answer later. On the loop. */
    void asked() {
        if (!answered) {
            underWay = true;
            session.underWay().begin(1);
        }
    }

    @Override
    public void complete(LoadResult result) {
        if (outbox.inLoop()) {
            answer(result);
        } else {
            outbox.execute(() -> answer(result));
        }
    }

    @Override
    public void fail(Throwable failure) {
        if (outbox.inLoop()) {
            answerFailure(failure);
        } else {
            outbox.execute(() -> answerFailure(failure));
        }
    }

    private void answer(LoadResult result) {
        if (result instanceof LoadResult.Loaded loaded) {
            outbox.sendLoaded(oid, before, loaded);
        } else {
            session.answerToLoad(oid, before)
                    .<LoadResult>with(found -> Session.loaded(oid, found))
                    .complete(result);
        }
        end();
    }

    private void answerFailure(Throwable failure) {
        session.answerToLoad(oid, before).failure(failure);
        end();
    }

    private void end() {
        answered = true;
        if (underWay) {
            session.underWay().end(1);
        }
    }
}
