package io.zeolite.commit;

import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.commit.staging.StagingMemory;
import java.time.Duration;

/**
 * How a local storage is to work.
 *
 * @param invalidationQueueSize how many transactions are remembered for clients that verify their caches, at least 1
 * @param invalidationAge how old a client's last transaction may be for what it missed to be read from the log; zero for
 *     never
 * @param quotaBytes the size beyond which the log may not grow
 * @param stagingMemory how much of the records of transactions stays in memory before the rest goes to files
 * @param spillFiles makes those files
 * @param pack how it is packed
 */
public record LocalStorageOptions(
        int invalidationQueueSize,
        Duration invalidationAge,
        long quotaBytes,
        StagingMemory stagingMemory,
        SpillFiles spillFiles,
        PackSettings pack) {
    /** @param stagingMemoryBytes of each transaction, however many there are */
    public LocalStorageOptions(
            int invalidationQueueSize,
            Duration invalidationAge,
            long quotaBytes,
            long stagingMemoryBytes,
            SpillFiles spillFiles) {
        this(
                invalidationQueueSize,
                invalidationAge,
                quotaBytes,
                new StagingMemory(stagingMemoryBytes, Long.MAX_VALUE),
                spillFiles,
                PackSettings.DEFAULT);
    }
}
