package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.error.CallException;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class UndoLogPageTest {
    private static final byte[] NOTHING = {};

    private static TransactionSummary transaction(long tid, int metadataLength) {
        return new TransactionSummary(tid, new TransactionMetadata(new byte[metadataLength], NOTHING, NOTHING), 100);
    }

    /** Shows it the transactions from 20 down to 1. */
    private static UndoLogPage fill(long first, long last, Predicate<TransactionSummary> filter) {
        UndoLogPage page = new UndoLogPage(first, last, filter);
        long tid = 20;
        while (tid > 0 && !page.isFull()) {
            boolean goOn = page.visit(transaction(tid, 0));
            assertThat(goOn).isEqualTo(!page.isFull());
            tid--;
        }
        return page;
    }

    @Test
    void page_firstAndLast_countWhatTheFilterWants() {
        assertThat(fill(1, 3, transaction -> transaction.tid() % 2 == 0).transactions())
                .extracting(TransactionSummary::tid)
                .containsExactly(18L, 16L);
        assertThat(fill(18, 100, transaction -> true).transactions())
                .extracting(TransactionSummary::tid)
                .containsExactly(2L, 1L);
    }

    @Test
    void page_emptyRange_isFullAtOnce() {
        assertThat(new UndoLogPage(0, 0, transaction -> true).isFull()).isTrue();
        assertThat(fill(7, 3, transaction -> true).transactions()).isEmpty();
    }

    @Test
    void page_moreThanAnAnswerHolds_isRefused() {
        UndoLogPage page = new UndoLogPage(0, Long.MAX_VALUE, transaction -> true);

        assertThatThrownBy(() -> {
                    while (page.visit(transaction(1, 65535))) {
                        assertThat(page.transactions()).hasSizeLessThan(2000);
                    }
                })
                .isInstanceOf(CallException.class)
                .hasMessageContaining("smaller page");
    }
}
