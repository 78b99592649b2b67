/**
 * What changed since which tid, and who must be told.
 *
 * <p>Starting point: {@link io.zeolite.invalidation.InvalidationHub}.
 */
@NullMarked
package io.zeolite.invalidation;

import org.jspecify.annotations.NullMarked;
