package io.zeolite.edge;

import io.zeolite.client.ZeoClientOptions;
import io.zeolite.commit.Timers;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.commit.staging.StagingMemory;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How a storage of another server is served.
 *
 * @param name what clients are told, before {@code (connected)}
 * @param client how the other server is reached, and the caches
 * @param readOnly whether nobody may write
 * @param invalidationQueueSize how many transactions are kept for clients that come back
 * @param transactionTimeout how long a transaction may last after the answer to its vote; zero for no limit
 * @param stagingMemory how much of transactions is kept in memory until their votes
 * @param spillFiles where the rest is
 * @param io where files are read and written, and iterators wait for the other server
 */
public record EdgeSettings(
        String name,
        ZeoClientOptions client,
        boolean readOnly,
        int invalidationQueueSize,
        Duration transactionTimeout,
        StagingMemory stagingMemory,
        SpillFiles spillFiles,
        Executor io,
        Timers timers) {}
