/**
 * The tools for those who set a bucket up: what it can do, and who may do what there.
 *
 * <p>Starting points: {@link io.zeolite.tool.bucket.BucketCheck}, {@link io.zeolite.tool.bucket.BucketPolicy}.
 */
@NullMarked
package io.zeolite.tool.bucket;

import org.jspecify.annotations.NullMarked;
