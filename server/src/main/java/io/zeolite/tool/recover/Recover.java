package io.zeolite.tool.recover;

import io.zeolite.disk.Disk;
import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.Longs;
import io.zeolite.storage.file.LostRecords;
import io.zeolite.storage.file.SalvageWriter;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Progress;
import io.zeolite.tool.file.Walk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code zeolite recover}: copies every transaction of a damaged data file that can be read into a new one, as
 * {@code fsrecover} does. The damaged file is only read.
 *
 * <p>The new file appears under its name when it is complete and on disk; whatever goes wrong before leaves nothing.
 */
public final class Recover {
    private static final String TEMPORARY_SUFFIX = ".recovering";

    private final Disk disk;
    private final Options options;
    private final Console console;
    private final List<Loss> losses = new ArrayList<>();
    private long undoneBytes;

    /**
     * What to do.
     *
     * @param partial whether to copy the records before a damaged one of the same transaction, which is then marked as
     *     packed so that nobody undoes it; otherwise all of the transaction is left out
     * @param force whether to replace an output that is there
     */
    public record Options(Path input, Path output, boolean partial, boolean force, boolean json) {}

    public Recover(Options options, Console console) {
        this(options, console, new RealDisk());
    }

    Recover(Options options, Console console, Disk disk) {
        this.disk = disk;
        this.options = options;
        this.console = console;
    }

    /**
     * Copies, and shows what was lost.
     *
     * @return {@link ExitStatus#OK} if nothing was lost, otherwise {@link ExitStatus#LOST}
     * @throws IOException if the input is no data file, or the output cannot be written or is there already
     */
    public int run() throws IOException {
        Path output = options.output();
        if (Files.exists(output)) {
            if (Files.isSameFile(options.input(), output)) {
                throw new IOException(output + " is the damaged file itself (expected: another one to write to)");
            } else if (!options.force()) {
                throw new FileAlreadyExistsException(
                        output.toString(), null, "it is there already (expected: a new file, or --force)");
            }
        }
        try (FileIterator input = FileIterator.open(disk, options.input())) {
            // Nobody may serve the output while it is written.
            Closeable lock = disk.lock(sibling(output, ".lock"));
            try {
                recover(input).show(console.out(), options.json());
            } finally {
                lock.close();
            }
        }
        return losses.isEmpty() ? ExitStatus.OK : ExitStatus.LOST;
    }

    private static Path sibling(Path path, String suffix) {
        return path.resolveSibling(path.getFileName() + suffix);
    }

    private Report recover(FileIterator input) throws IOException {
        Path temporary = sibling(options.output(), TEMPORARY_SUFFIX);
        boolean complete = false;
        try (SalvageWriter writer = SalvageWriter.create(disk, temporary, input.isPython2())) {
            Salvage salvage = new Salvage(input, writer, options.partial());
            String tail = copy(input, salvage);
            long end = input.position();
            if (tail != null && !input.isTailUnfinished()) {
                // Only a status tells what was not committed: the rest of a copy that broke off may well have been.
                lost(end, end, input.size(), tail, null);
                tail = null;
            }
            writer.force();
            // An index of what was there before would be one of another file.
            IndexFile.delete(disk, sibling(options.output(), ".index"));
            disk.move(temporary, options.output());
            disk.forceDirectoryOf(options.output());
            complete = true;
            return new Report(
                    options, input.size(), writer.position(), salvage, losses, undoneBytes, tail, end, writer.index());
        } finally {
            if (!complete) {
                disk.delete(temporary);
            }
        }
    }

    private @Nullable String copy(FileIterator input, Salvage salvage) throws IOException {
        try (Progress progress = new Progress(console, "recovering", input.size())) {
            return Walk.over(input, progress, new Walk.Visitor() {
                @Override
                public boolean transaction(FileTransaction transaction) throws IOException {
                    if (transaction.isUndone()) {
                        undoneBytes += transaction.end() - transaction.position();
                        salvage.skip(transaction.position());
                        return true;
                    }
                    Salvage.Flaw flaw = salvage.copy(transaction);
                    if (flaw != null) {
                        boolean part = options.partial() && flaw.records() > 0;
                        long start = part ? flaw.offset() : transaction.position();
                        lost(transaction.position(), start, transaction.end(), flaw.message(), transaction.tid());
                    }
                    return true;
                }

                @Override
                public void damage(Walk.Damage damage) throws IOException {
                    salvage.skip(damage.start());
                    lost(damage.start(), damage.start(), damage.end(), damage.message(), null);
                }

                @Override
                public boolean readsBehindLostBlocks() {
                    // Nobody was told of these transactions, unless the zeros came later.
                    return true;
                }
            });
        }
    }

    private void lost(long transaction, long start, long end, String message, @Nullable Long tid) throws IOException {
        Longs oids = new Longs();
        Longs tids = new Longs();
        LostRecords.scan(disk, options.input(), transaction, end, (position, oid, revision) -> {
            if (position >= start) {
                oids.add(oid);
                tids.add(revision);
            }
        });
        losses.add(new Loss(start, end, message, tid, oids, tids));
    }
}
