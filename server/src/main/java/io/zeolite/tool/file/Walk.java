package io.zeolite.tool.file;

import io.zeolite.storage.file.CorruptedFileException;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.Progress;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A walk over all transactions of a data file, from where the iterator is to the end of what is committed. */
public final class Walk {
    /** How often it is looked whether what is not committed gets committed, and how long between. */
    private static final int PATIENCE = 10;

    private static final long PATIENCE_MILLIS = 200;

    private Walk() {}

    /** Is given what is there, in the order of the file. */
    public interface Visitor {
        /**
         * A transaction whose lengths agree.
         *
         * @return whether to go on
         */
        boolean transaction(FileTransaction transaction) throws IOException;

        /**
         * A part of the file that cannot be read. It ends where the next transaction starts that is whole.
         *
         * @param damage what is wrong at its start
         */
        void damage(Damage damage) throws IOException;

        /** Whether what a server cuts off behind a block that was not written is to be read. Usually it is not. */
        default boolean readsBehindLostBlocks() {
            return false;
        }
    }

    /**
     * A part of a file that cannot be read.
     *
     * @param start its first byte
     * @param end the first byte behind it
     * @param offset where what was found is not what was expected
     * @param message in words, with the file, the offset, what was found and what was expected
     */
    public record Damage(long start, long end, long offset, String message) {}

    /**
     * Walks. Where transactions are missing, the one behind the gap is the next to be visited.
     *
     * @return why what is at the position of the iterator does not count as committed; null if the file ends there, or a
     *     visitor did not want to go on
     */
    public static @Nullable String over(FileIterator file, Progress progress, Visitor visitor) throws IOException {
        while (true) {
            long start = file.position();
            try {
                FileTransaction transaction = file.next();
                if (transaction == null) {
                    String tail = file.tail();
                    if (tail == null
                            || (file.isTailLost() && !visitor.readsBehindLostBlocks())
                            || !isFollowed(file, start, tail, visitor)) {
                        return tail;
                    }
                    continue;
                }
                progress.update(start);
                if (!visitor.transaction(transaction)) {
                    return null;
                }
            } catch (CorruptedFileException e) {
                OptionalLong next = file.skipDamage();
                visitor.damage(new Damage(start, next.orElse(file.size()), e.offset(), String.valueOf(e.getMessage())));
            } catch (EOFException e) {
                // A server that aborts a transaction cuts it off.
                return "it was cut off while it was read";
            }
        }
    }

    /**
     * Whether there is more to read behind a transaction that does not count as committed. A server writes several at
     * once, and commits the first of them last; if it is not doing that, the status of a transaction is damaged.
     */
    private static boolean isFollowed(FileIterator file, long start, String tail, Visitor visitor) throws IOException {
        for (int i = 0; ; i++) {
            OptionalLong next = file.skipDamage();
            file.seek(start);
            boolean committedNow = file.next() != null;
            file.seek(start);
            if (committedNow || next.isEmpty()) {
                return committedNow;
            } else if (i == PATIENCE) {
                visitor.damage(new Damage(
                        start,
                        next.getAsLong(),
                        start,
                        file.path() + " is damaged at offset " + start + ": " + tail
                                + ", and committed transactions follow it, the next at " + next.getAsLong()));
                file.seek(next.getAsLong());
                return true;
            }
            pause();
        }
    }

    private static void pause() throws InterruptedIOException {
        try {
            Thread.sleep(PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading");
        }
    }
}
