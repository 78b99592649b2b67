package io.zeolite.transport;

import org.jspecify.annotations.Nullable;

/**
 * The beginning of a blob that a client was sent before the rest failed to come. Python's client keeps it, and appends to
 * it whatever it is sent the next time: it can only be sent the rest, and only if that is the rest of the same bytes.
 *
 * @param bytes how many
 * @param crc32c of them; null if it could not be found out, and nothing may follow
 */
record SentPart(long bytes, @Nullable Integer crc32c) {}
