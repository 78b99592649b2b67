package io.zeolite.tool.file;

import io.zeolite.disk.Disk;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.Longs;
import io.zeolite.storage.file.TransactionsBackwards;
import io.zeolite.tool.Progress;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of a data file, the newest first. As long as their lengths are right nothing else of the file is read;
 * where they are not, the rest is found by a walk from the start, which remembers eight bytes for each transaction.
 */
public final class NewestFirst implements Closeable {
    private static final long FIRST_TRANSACTION = 4;

    private final FileIterator file;
    private final TransactionsBackwards backwards;
    private final Progress progress;
    private final Walk.Visitor damages;
    private long end;
    /** What the walk has found, if there was one. */
    private @Nullable Longs walked;

    /** @param damages is told of damage that a walk finds; the transactions that it is given do not count */
    public NewestFirst(Disk disk, Path path, FileIterator file, Progress progress, Walk.Visitor damages)
            throws IOException {
        this.file = file;
        this.backwards = TransactionsBackwards.open(disk, path);
        this.progress = progress;
        this.damages = damages;
        this.end = backwards.committedEnd();
    }

    /** The next older transaction; null if there is none. */
    public @Nullable FileTransaction next() throws IOException {
        long start = walked == null ? stepBack() : TransactionsBackwards.NONE;
        Longs positions = walked;
        if (positions != null) {
            if (positions.isEmpty()) {
                return null;
            }
            start = positions.removeLast();
        }
        if (start == TransactionsBackwards.NONE) {
            return null;
        }
        end = start;
        file.seek(start);
        return file.next();
    }

    private long stepBack() throws IOException {
        if (end == FIRST_TRANSACTION) {
            return TransactionsBackwards.NONE;
        }
        long start = end == TransactionsBackwards.NONE ? end : backwards.before(end);
        if (start == TransactionsBackwards.NONE) {
            walked = walk(end == TransactionsBackwards.NONE ? Long.MAX_VALUE : end);
        }
        return start;
    }

    private Longs walk(long limit) throws IOException {
        Longs positions = new Longs();
        file.seek(FIRST_TRANSACTION);
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

    @Override
    public void close() throws IOException {
        backwards.close();
    }
}
