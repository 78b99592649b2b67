/**
 * The tools for blobs, wherever they are: in the blob directory, in the cache, in a bucket. They work on what a
 * configuration describes, beside a running server or without one.
 *
 * <p>Starting points: {@link io.zeolite.tool.blobs.Site} is what they work on, {@link io.zeolite.tool.blobs.Inventory} finds
 * out which blobs there are and where, {@link io.zeolite.tool.blobs.Archive} and its like are the tools.
 */
@NullMarked
package io.zeolite.tool.blobs;

import org.jspecify.annotations.NullMarked;
