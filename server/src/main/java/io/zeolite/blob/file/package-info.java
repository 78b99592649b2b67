/**
 * A directory that plays a bucket: {@code bucket file:///mnt/cold/blobs}.
 *
 * <p>Starting point: {@link io.zeolite.blob.file.DirectoryStore}.
 */
@NullMarked
package io.zeolite.blob.file;

import org.jspecify.annotations.NullMarked;
