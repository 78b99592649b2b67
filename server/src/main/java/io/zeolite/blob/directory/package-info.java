/**
 * ZODB's blob directory on a local file system: one file for each revision of a blob object, in the place and with the
 * name that Python's {@code ZODB.blob} gives it, so that either server can go on where the other stopped.
 *
 * <p>A blob arrives in {@code tmp/} (or, from a client that shares the directory, beside its final place), is forced to
 * the disk before the vote, and is renamed at the finish. A file with a committed name is complete and never changes.
 *
 * <p>Starting point: {@link io.zeolite.blob.directory.BlobDirectory}.
 */
@NullMarked
package io.zeolite.blob.directory;

import org.jspecify.annotations.NullMarked;
