/**
 * A storage that another ZEO server has: a server on the machine of its clients, with caches that they share, in front of
 * the one that keeps the data.
 *
 * <p>{@link io.zeolite.edge.EdgeStorage} is a {@link io.zeolite.storage.Storage} over a {@link io.zeolite.client.Relay}. What
 * is in the cache is answered at once; everything else is passed on, and what comes back is passed on in the order in which
 * the other server has sent it.
 */
@NullMarked
package io.zeolite.edge;

import org.jspecify.annotations.NullMarked;
