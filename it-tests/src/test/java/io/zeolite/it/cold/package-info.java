/** Blobs that are in a bucket, read by Python clients. */
@NullMarked
package io.zeolite.it.cold;

import org.jspecify.annotations.NullMarked;
