package io.zeolite.tool.dump;

import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Progress;
import io.zeolite.tool.file.Selection;
import io.zeolite.tool.file.Walk;
import java.io.IOException;
import java.nio.file.Path;

/** {@code zeolite dump}: transactions with their records, in the order of the file, as {@code fsdump} does. */
public final class Dump {
    private final Path path;
    private final Options options;
    private final Console console;

    /** What to show. */
    public record Options(Selection selection, boolean json) {}

    public Dump(Path path, Options options, Console console) {
        this.path = path;
        this.options = options;
        this.console = console;
    }

    /**
     * Reads and shows.
     *
     * @return {@link ExitStatus#OK}, or {@link ExitStatus#FAILED} if something could not be read
     * @throws IOException if the file is no data file
     */
    public int run() throws IOException {
        Selection selection = options.selection();
        try (FileIterator file = FileIterator.open(new RealDisk(), path);
                Listing listing = Listings.of(console.out(), options.json(), selection);
                Progress progress = new Progress(console, "reading", file.size())) {
            Walk.over(file, progress, new Walk.Visitor() {
                private long left = selection.limit();

                @Override
                public boolean transaction(FileTransaction transaction) throws IOException {
                    if (selection.takes(file, transaction)) {
                        listing.transaction(file, transaction);
                        // Where nobody reads on, as behind "head", the rest of the file is read for nothing.
                        left = console.out().checkError() ? 0 : left - 1;
                    }
                    return left > 0;
                }

                @Override
                public void damage(Walk.Damage damage) throws IOException {
                    listing.damage(damage);
                }
            });
            return listing.damages() == 0 ? ExitStatus.OK : ExitStatus.FAILED;
        }
    }
}
