package io.zeolite.storage;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a pack is to do and to hear while it does it.
 *
 * @param stop the last transaction that is packed, if there is one with this tid
 * @param isWhole whether what nothing in the log refers to may be removed, if the log is to do so
 * @param pace told of all that is read and written
 * @param removed told of the blobs that are not needed any more once the pack is done; null if there are none
 */
public record PackControl(
        long stop, boolean isWhole, Pace pace, @Nullable RemovedBlobs removed) {
    /** Holds a pack back, and ends it. */
    public interface Pace {
        /**
         * Waits as long as need be.
         *
         * @throws IOException if the pack is to end
         */
        void spent(long bytes) throws IOException;

        /** Says how much will be spent in all, about, for those who watch. */
        default void expect(long bytes) {}
    }

    /** Receives revisions of blobs that a pack leaves out. */
    public interface RemovedBlobs {
        /** Forgets what it was told: the pack begins anew. */
        void clear() throws IOException;

        /** @param tid the revision whose file is not needed any more */
        void add(long oid, long tid) throws IOException;

        /** What was told survives a crash of the machine, and counts for nothing if this pack comes to no end. */
        void force() throws IOException;

        /** What was told is to be removed, now or after a crash: the packed file is about to take its place. On disk when this returns. */
        void complete() throws IOException;
    }
}
