package io.zeolite.storage;

import io.zeolite.zodb.Tid;
import org.jspecify.annotations.Nullable;

/**
 * A record as it is iterated over.
 *
 * @param tid mostly that of its transaction
 * @param data null if the object does not exist as of it: its creation was undone, or it was deleted
 * @param dataTid the tid of the older record whose data this one shares, {@link Tid#NONE} if it has its own or none
 */
public record RecordInformation(long oid, long tid, byte @Nullable [] data, long dataTid) {}
