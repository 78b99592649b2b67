package io.zeolite.client;

import org.jspecify.annotations.Nullable;

/** What a transaction does to one object. */
sealed interface Change {
    long oid();

    /** The revision that the change is made over; that of no transaction for a new object. */
    long serial();

    /** Writes a record, and a blob with it. */
    record Store(
            long oid, long serial, byte[] data, @Nullable BlobSource blob) implements Change {}

    /** Depends on a revision being current. */
    record Check(long oid, long serial) implements Change {}

    /** Removes an object. */
    record Delete(long oid, long serial) implements Change {}
}
