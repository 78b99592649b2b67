/**
 * Blobs in a bucket of S3, or of a store that speaks its protocol. The only package that sees the SDK, which is loaded
 * when the first {@link io.zeolite.blob.s3.S3Store} is made and not before.
 *
 * <p>Starting points: {@link io.zeolite.blob.s3.S3Store}, {@link io.zeolite.blob.s3.S3Settings}.
 */
@NullMarked
package io.zeolite.blob.s3;

import org.jspecify.annotations.NullMarked;
