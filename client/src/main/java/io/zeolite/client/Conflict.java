package io.zeolite.client;

import org.jspecify.annotations.Nullable;

/**
 * A write over a revision that is not current any more. Never one of a new object: who has made the other object with that oid
 * did not mean this one, and the commit fails.
 *
 * @param oid the object
 * @param className the class that the record to be written names, such as {@code BTrees.Length.Length}; null if it names
 *     none
 * @param committedSerial the revision that is current now
 * @param readSerial the revision over which the transaction wants to write, which it has read
 * @param original the record of {@code readSerial}; null if it has been packed away
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
