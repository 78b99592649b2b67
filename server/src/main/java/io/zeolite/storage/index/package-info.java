/**
 * The index of a file storage: where the newest record of each object is, in memory and on disk.
 *
 * <p>Starting points: {@link io.zeolite.storage.index.PositionIndex}, {@link io.zeolite.storage.index.IndexFile}.
 */
@NullMarked
package io.zeolite.storage.index;

import org.jspecify.annotations.NullMarked;
