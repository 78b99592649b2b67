package io.zeolite.blob;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a store says of an object.
 *
 * @param size in bytes
 * @param version changes whenever the bytes do
 * @param crc32c of all bytes, as the store or whoever wrote the object has noted it; null if nobody has, or if it is not
 *     told, which is so in a list
 */
public record StoredObject(
        String key,
        long size,
        String version,
        Instant lastModified,
        @Nullable Integer crc32c) {}
