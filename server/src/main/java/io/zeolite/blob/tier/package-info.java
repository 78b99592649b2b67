/**
 * Where a blob is: in the blob directory, in the cache of this machine, or in a store far away; and how it comes from there
 * to whoever wants it.
 *
 * <p>Starting points: {@link io.zeolite.blob.tier.BlobTier} finds a blob, {@link io.zeolite.blob.tier.Download} fetches
 * one, {@link io.zeolite.blob.tier.Breaker} knows whether the store is there.
 */
@NullMarked
package io.zeolite.blob.tier;

import org.jspecify.annotations.NullMarked;
