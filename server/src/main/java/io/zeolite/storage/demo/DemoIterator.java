package io.zeolite.storage.demo;

import io.zeolite.storage.RecordIterator;
import io.zeolite.storage.TransactionInformation;
import io.zeolite.storage.TransactionIterator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One iterator after the other. */
final class DemoIterator implements TransactionIterator {
    private final TransactionIterator changes;
    private TransactionIterator current;

    DemoIterator(TransactionIterator base, TransactionIterator changes) {
        this.current = base;
        this.changes = changes;
    }

    @Override
    public @Nullable TransactionInformation next() throws IOException {
        TransactionInformation next = current.next();
        if (next == null && current != changes) {
            current = changes;
            next = changes.next();
        }
        return next;
    }

    @Override
    public RecordIterator records() {
        return current.records();
    }
}
