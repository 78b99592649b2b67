package io.zeolite.client.blob;

/**
 * What a cache has done since it was opened by this process.
 *
 * @param hits blobs that were there
 * @param misses blobs that were not
 * @param stored blobs that were added
 * @param storedBytes their size together
 * @param evicted blobs that had to go
 * @param evictedBytes their size together
 * @param damaged blobs whose bytes were found to be wrong, and which were removed
 */
public record CacheCounters(
        long hits, long misses, long stored, long storedBytes, long evicted, long evictedBytes, long damaged) {}
