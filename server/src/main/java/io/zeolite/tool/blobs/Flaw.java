package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that is wrong with a blob.
 *
 * @param revision null if it is not about one
 * @param message where, what was found and what was expected
 */
record Flaw(Kind kind, @Nullable BlobRevision revision, String message) {
    /** The names are part of the JSON. */
    enum Kind {
        /** A part of the data file cannot be read: there may be blobs in it that nobody looks for. */
        DATA,
        /** Its bytes are nowhere. */
        MISSING,
        /** Its bytes are only in the cache, which will let go of them. */
        ONLY_CACHED,
        /** Its file and its object have different sizes. */
        SIZE,
        /** Its bytes are not those of its checksum, or its file and its object differ. */
        CHECKSUM,
        /** It is there but cannot be read. */
        UNREADABLE;

        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
