package io.zeolite.commit;

import io.zeolite.commit.staging.SpillFiles;
import java.time.Duration;

/**
 * How a local storage is to work.
 *
 * @param invalidationQueueSize how many transactions are remembered for clients that verify their caches, at least 1
 * @param invalidationAge how old a client's last transaction may be for what it missed to be read from the log; zero for
 *     never
 * @param quotaBytes the size beyond which the log may not grow
 * @param stagingMemoryBytes how much of a transaction's records stays in memory before the rest goes to a file
 * @param spillFiles makes those files
 * @param pack how it is packed
 */
public record LocalStorageOptions(
        int invalidationQueueSize,
        Duration invalidationAge,
        long quotaBytes,
        long stagingMemoryBytes,
        SpillFiles spillFiles,
        PackSettings pack) {
    public LocalStorageOptions(
            int invalidationQueueSize,
            Duration invalidationAge,
            long quotaBytes,
            long stagingMemoryBytes,
            SpillFiles spillFiles) {
        this(invalidationQueueSize, invalidationAge, quotaBytes, stagingMemoryBytes, spillFiles, PackSettings.DEFAULT);
    }
}
