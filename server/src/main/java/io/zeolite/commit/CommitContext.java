package io.zeolite.commit;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executor;

/**
 * What the commit path takes from outside, so that a simulation can own time and order.
 *
 * @param committer runs one task at a time, in order, on one thread
 * @param io runs tasks that touch the disk for staged records and blobs
 * @param clock the time that tids are made of
 * @param timers for the transaction timeout
 * @param transactionTimeout how long a transaction may hold its locks; zero for ever
 * @param packer runs packs, which take long
 */
public record CommitContext(
        Executor committer,
        Executor io,
        InstantSource clock,
        Timers timers,
        Duration transactionTimeout,
        Executor packer) {
    /** Packs run where staged records and blobs are written. */
    public CommitContext(
            Executor committer, Executor io, InstantSource clock, Timers timers, Duration transactionTimeout) {
        this(committer, io, clock, timers, transactionTimeout, io);
    }
}
