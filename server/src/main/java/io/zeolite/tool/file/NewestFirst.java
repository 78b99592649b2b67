package io.zeolite.tool.file;

import io.zeolite.storage.file.FileFormat;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.Longs;
import io.zeolite.storage.file.TransactionsBackwards;
import io.zeolite.tool.Progress;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of a data file, the newest first. As long as their lengths are right nothing else of the file is read;
 * where they are not, the rest is found by a walk from the start, which remembers eight bytes for each transaction.
 */
public final class NewestFirst {
    private final FileIterator file;
    private final TransactionsBackwards backwards;
    private final Progress progress;
    private final Walk.Visitor damages;
    private long end;
    /** What the walk has found, if there was one. */
    private @Nullable Longs walked;

    /** @param damages is told of damage that a walk finds; the transactions that it is given do not count */
    public NewestFirst(FileIterator file, Progress progress, Walk.Visitor damages) throws IOException {
        this.file = file;
        this.backwards = file.backwards();
        this.progress = progress;
        this.damages = damages;
        this.end = backwards.committedEnd(file.size());
    }

    /** The next older transaction; null if there is none. */
    public @Nullable FileTransaction next() throws IOException {
        Longs positions = walked;
        if (positions == null) {
            if (end == FileFormat.FIRST_TRANSACTION) {
                return null;
            }
            FileTransaction before = stepBack();
            if (before != null) {
                end = before.position();
                return before;
            }
            positions = walk(end == TransactionsBackwards.NONE ? Long.MAX_VALUE : end);
            walked = positions;
        }
        if (positions.isEmpty()) {
            return null;
        }
        long start = positions.removeLast();
        file.seek(start);
        FileTransaction transaction = file.next();
        if (transaction == null) {
            throw new IOException(file.path() + " has no transaction at " + start
                    + " any more (expected: one that was there before)");
        }
        return transaction;
    }

    /** The transaction before the end; null if it cannot be found from there, or does not count as committed. */
    private @Nullable FileTransaction stepBack() throws IOException {
        long start = end == TransactionsBackwards.NONE ? end : backwards.before(end);
        if (start == TransactionsBackwards.NONE) {
            return null;
        }
        file.seek(start);
        return file.next();
    }

    private Longs walk(long limit) throws IOException {
        Longs positions = new Longs();
        file.seek(FileFormat.FIRST_TRANSACTION);
        Walk.over(file, progress, new Walk.Visitor() {
            @Override
            public boolean transaction(FileTransaction transaction) {
                boolean older = transaction.end() <= limit;
                if (older) {
                    positions.add(transaction.position());
                }
                return older;
            }

            @Override
            public void damage(Walk.Damage damage) throws IOException {
                if (damage.start() < limit) {
                    damages.damage(damage);
                }
            }
        });
        return positions;
    }
}
