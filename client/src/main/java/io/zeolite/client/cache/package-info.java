/**
 * What a client keeps of the objects that it has loaded.
 *
 * <p>Starting points: {@link io.zeolite.client.cache.ObjectCache}, in memory;
 * {@link io.zeolite.client.cache.CacheFile}, which keeps it over a restart.
 */
@NullMarked
package io.zeolite.client.cache;

import org.jspecify.annotations.NullMarked;
