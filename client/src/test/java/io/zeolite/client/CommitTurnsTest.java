package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class CommitTurnsTest {
    /** As all do who find no connection when it is their turn. */
    @Test
    void turns_thatEndWhenTheyBegin_areFollowedByTheNextHoweverManyThereAre() {
        CommitTurns turns = new CommitTurns();
        CommitTurns.Turn first = turns.take().join();
        for (int i = 0; i < 100_000; i++) {
            turns.take().thenAccept(CommitTurns.Turn::end);
        }
        CompletableFuture<CommitTurns.Turn> last = turns.take();
        first.end();
        assertThat(last).isCompleted();
    }
}
