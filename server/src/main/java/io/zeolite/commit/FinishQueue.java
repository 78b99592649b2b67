package io.zeolite.commit;

import io.zeolite.commit.LocalTransaction.Phase;
import io.zeolite.error.TransactionException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Finished;
import io.zeolite.storage.TransactionLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The finishes that have been asked for, in their order, and which of them are written together: as many as there are,
 * unless they come from a batch that could not be written. What one of those lacks, a file perhaps, is not to fail the
 * others, whose votes have said that they will succeed; so each is written by itself. One thread at a time.
 */
final class FinishQueue {
    /** Bounds one batch, so that the first in it does not wait for ever. */
    private static final long MAX_BATCH_BYTES = 32L << 20;

    /** What fails so often one after the other is not the fault of one. */
    private static final int MOST_FAILED_ALONE = 3;

    record Finish(LocalTransaction transaction, Completion<Finished> completion) {}

    private final ArrayDeque<Finish> finishes = new ArrayDeque<>();
    /** How many of the first finishes are written each by itself. */
    private int alone;
    /** How many of them have failed, one after the other. */
    private int failures;

    boolean isEmpty() {
        return finishes.isEmpty();
    }

    void add(LocalTransaction transaction, Completion<Finished> completion) {
        finishes.add(new Finish(transaction, completion));
    }

    boolean has(LocalTransaction transaction) {
        return transaction.phase == Phase.VOTED
                && finishes.stream().anyMatch(finish -> finish.transaction == transaction);
    }

    /** Takes what may be written now out of the queue, {@link Phase#FINISHING} from then on; what may not is answered. */
    List<Finish> nextBatch() {
        List<Finish> batch = new ArrayList<>();
        int most = TransactionLog.MAX_BATCH;
        if (alone > 0) {
            alone--;
            most = 1;
        }
        long bytes = 0;
        while (!finishes.isEmpty() && batch.size() < most && bytes < MAX_BATCH_BYTES) {
            Finish finish = finishes.remove();
            if (finish.transaction.phase == Phase.VOTED) {
                finish.transaction.phase = Phase.FINISHING;
                bytes += finish.transaction.reservedBytes;
                batch.add(finish);
            } else {
                finish.completion.fail(new TransactionException(
                        "finish of a transaction that is not voted (it is " + finish.transaction.phase + ")"));
            }
        }
        return batch;
    }

    /** A batch was written. */
    void written() {
        failures = 0;
    }

    /** Takes a batch back that could not be written together. */
    void retryAlone(List<Finish> batch) {
        for (int i = batch.size() - 1; i >= 0; i--) {
            batch.get(i).transaction.phase = Phase.VOTED;
            finishes.addFirst(batch.get(i));
        }
        alone = batch.size();
        failures = 0;
    }

    /**
     * Notes that a transaction could not be written by itself.
     *
     * @return those that are not worth another attempt, which would wait for the disk, for nothing
     */
    List<Finish> failedAlone() {
        failures++;
        List<Finish> rest = new ArrayList<>();
        if (failures >= MOST_FAILED_ALONE) {
            while (alone > 0) {
                alone--;
                rest.add(finishes.remove());
            }
        }
        return rest;
    }
}
