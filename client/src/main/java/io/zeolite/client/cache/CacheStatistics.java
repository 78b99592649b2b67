package io.zeolite.client.cache;

/**
 * What an object cache has done since it was opened.
 *
 * @param hits loads that were answered from the cache
 * @param misses loads that were not
 * @param revisions how many revisions are in it
 * @param bytes what they take, data and overhead
 * @param evicted how many had to go for others
 * @param invalidated how many ceased to be current because a transaction changed the object
 * @param cleared how often all of it was dropped, as the server could not say what had changed
 */
public record CacheStatistics(
        long hits, long misses, long revisions, long bytes, long evicted, long invalidated, long cleared) {
    /** The share of loads that were answered from the cache, 0 to 1; 0 before the first load. */
    public double hitRate() {
        return hits == 0 ? 0 : (double) hits / (hits + misses);
    }
}
