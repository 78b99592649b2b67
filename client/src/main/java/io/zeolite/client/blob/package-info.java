/**
 * A cache of blobs on this machine, of limited size, that several processes share, and what it is to read a blob,
 * wherever its bytes are.
 *
 * <p>Starting points: {@link io.zeolite.client.blob.BlobCache} and the rules in its comment, {@link
 * io.zeolite.client.blob.CacheLayout} for what is on disk, {@link io.zeolite.client.blob.OpenBlob} for whoever reads, {@link
 * io.zeolite.client.blob.ArrivingBlob} for one that is still on its way.
 */
@NullMarked
package io.zeolite.client.blob;

import org.jspecify.annotations.NullMarked;
