package io.zeolite.session;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What the clients of one storage have done since the server started. Any thread counts. */
final class StorageStats {
    final AtomicInteger connections = new AtomicInteger();
    final AtomicInteger activeTransactions = new AtomicInteger();
    final LongAdder loads = new LongAdder();
    final LongAdder stores = new LongAdder();
    final LongAdder commits = new LongAdder();
    final LongAdder aborts = new LongAdder();
    final LongAdder conflicts = new LongAdder();
}
