/**
 * Blobs: the large byte strings that belong to revisions of objects and live in files of their own.
 *
 * <p>Starting points: {@link io.zeolite.client.blob.OpenBlob} is an opened blob, {@link io.zeolite.blob.BlobStore} a place
 * outside of the blob directory where blobs may be, {@link io.zeolite.blob.KeyLayout} how they are named there.
 */
@NullMarked
package io.zeolite.blob;

import org.jspecify.annotations.NullMarked;
