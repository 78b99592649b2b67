package io.zeolite.tool.check;

import org.jspecify.annotations.Nullable;

/**
 * Something that is wrong.
 *
 * @param offset where in the data file; null if it is elsewhere
 * @param oid the object that it is about, if it is about one
 * @param tid the transaction or revision that it is about, if it is about one
 */
record Problem(
        Kind kind,
        @Nullable Long offset,
        @Nullable Long oid,
        @Nullable Long tid,
        String message) {}
