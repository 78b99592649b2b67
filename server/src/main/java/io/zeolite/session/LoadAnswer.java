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

    LoadAnswer(Session session, Outbox outbox, long oid, long before) {
        this.session = session;
        this.outbox = outbox;
        this.oid = oid;
        this.before = before;
    }

    @Override
    public void complete(LoadResult result) {
        if (outbox.inLoop()) {
            answer(result);
        } else {
            outbox.execute(() -> answer(result));
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
    }

    @Override
    public void fail(Throwable failure) {
        session.answerToLoad(oid, before).with(nothing -> null).fail(failure);
    }
}
