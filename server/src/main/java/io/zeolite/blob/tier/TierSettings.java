package io.zeolite.blob.tier;

import java.time.Duration;

/**
 * How hard a store is tried.
 *
 * @param downloads how many at the same time
 * @param attempts how often a request is made, the first time included, and how often a download that breaks off goes on
 *     without getting ahead
 * @param firstPause before the second attempt, about; each further pause is twice as long
 * @param longestPause between two attempts, and for how long a store that is away is left alone
 * @param failuresUntilAway so many requests without an answer, one after the other, and the store is taken to be away
 */
public record TierSettings(
        int downloads, int attempts, Duration firstPause, Duration longestPause, int failuresUntilAway) {
    /** For stores across a network. */
    public static final TierSettings DEFAULT =
            new TierSettings(16, 4, Duration.ofMillis(100), Duration.ofSeconds(5), 5);
}
