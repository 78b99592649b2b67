package io.zeolite.client;

import io.zeolite.pickle.PyDict;
import java.time.Instant;

/**
 * A revision of an object, and the transaction that wrote it.
 *
 * @param tid the transaction
 * @param time when it was committed
 * @param user who did it
 * @param description what it does
 * @param sizeBytes of the record
 * @param attributes all that the storage says of it
 */
public record HistoryEntry(
        long tid, Instant time, String user, String description, long sizeBytes, PyDict attributes) {}
