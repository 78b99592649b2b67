/**
 * Blobs: the large byte strings that belong to revisions of objects and live in files of their own.
 *
 * <p>Starting points: {@link io.zeolite.blob.BlobSource} is an opened blob.
 */
@NullMarked
package io.zeolite.blob;

import org.jspecify.annotations.NullMarked;
