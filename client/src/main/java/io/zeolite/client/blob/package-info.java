/**
 * A cache of blobs on this machine, of limited size, that several processes share.
 *
 * <p>Starting points: {@link io.zeolite.client.blob.BlobCache} and the rules in its comment, {@link
 * io.zeolite.client.blob.CacheLayout} for what is on disk.
 */
@NullMarked
package io.zeolite.client.blob;

import org.jspecify.annotations.NullMarked;
