package io.zeolite.client;

import io.zeolite.pickle.PyDict;
import java.time.Instant;

/**
 * A transaction that may be undone.
 *
 * @param tid what {@link ZeoTransaction#undo} takes
 * @param time when it was committed
 * @param user who did it
 * @param description what it does
 * @param sizeBytes what it takes in the storage; 0 if the storage does not say
 * @param attributes all that the storage says of it, what applications have noted with it too
 */
public record UndoEntry(long tid, Instant time, String user, String description, long sizeBytes, PyDict attributes) {}
