package io.zeolite.blob.tier;

import io.zeolite.blob.tier.Archiver.Effort;
import java.time.Duration;
import java.time.LocalTime;
import org.jspecify.annotations.Nullable;

/**
 * Which blobs a server moves to the bucket by itself, and when.
 *
 * @param age those of transactions that are older
 * @param leastBytes those that have so many, or more
 * @param interval how long after a run the next one begins
 * @param window the time of the day in which it works; null for all day
 * @param fullerThanPercent it works only while the disk of the blob directory is fuller than this; null for always
 * @param effort how hard it works
 */
public record ArchivePolicy(
        Duration age,
        long leastBytes,
        Duration interval,
        @Nullable Window window,
        @Nullable Integer fullerThanPercent,
        Effort effort) {
    /** From a time of the day to another one, which may be on the next day. */
    public record Window(LocalTime from, LocalTime to) {
        /** Whether a time is in it; all are if it begins where it ends. */
        public boolean contains(LocalTime time) {
            boolean afterBegin = !time.isBefore(from);
            boolean beforeEnd = time.isBefore(to);
            return from.isBefore(to) ? afterBegin && beforeEnd : afterBegin || beforeEnd;
        }
    }
}
