package io.zeolite.client;

import org.jspecify.annotations.Nullable;

/**
 * A write over a revision that is not current any more.
 *
 * @param oid the object
 * @param className the class that the record to be written names, such as {@code BTrees.Length.Length}; null if it names
 *     none
 * @param committedSerial the revision that is current now
 * @param readSerial the revision over which the transaction wants to write
 * @param original the record that was read; null if it has been packed away
 * @param committed the record that is current now
 * @param wanted the record to be written
 */
public record Conflict(
        long oid,
        @Nullable String className,
        long committedSerial,
        long readSerial,
        byte @Nullable [] original,
        byte[] committed,
        byte[] wanted) {}
