package io.zeolite.tool.recover;

import io.zeolite.storage.file.Longs;
import org.jspecify.annotations.Nullable;

/**
 * A part of the damaged file that is not in the new one.
 *
 * @param start its first byte
 * @param end the first byte behind it
 * @param message what is wrong with it
 * @param tid the transaction that it belongs to; null if that cannot be told
 * @param oids the objects whose records were in it, as far as that can be told
 * @param tids for each of them the revision
 */
record Loss(long start, long end, String message, @Nullable Long tid, Longs oids, Longs tids) {}
