package io.zeolite.tool.dump;

import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.Longs;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Progress;
import io.zeolite.tool.file.NewestFirst;
import io.zeolite.tool.file.Selection;
import io.zeolite.tool.file.Walk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** {@code zeolite log}: transactions without their records, the newest first, as {@code fstail} does. */
public final class TransactionLogListing {
    private final Path path;
    private final Options options;
    private final Console console;

    /**
     * What to show.
     *
     * @param selection whose limit takes the newest
     * @param oldestFirst whether to show what is selected in the order of the file
     */
    public record Options(Selection selection, boolean oldestFirst, boolean json) {}

    public TransactionLogListing(Path path, Options options, Console console) {
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
        try (FileIterator file = FileIterator.open(new RealDisk(), path);
                Listing listing = Listings.of(console.out(), options.json(), null);
                Progress progress = new Progress(console, "reading", file.size())) {
            list(file, new NewestFirst(file, progress, damages(listing)), listing);
            return listing.damages() == 0 ? ExitStatus.OK : ExitStatus.FAILED;
        }
    }

    private static Walk.Visitor damages(Listing listing) {
        return new Walk.Visitor() {
            @Override
            public boolean transaction(FileTransaction transaction) {
                return true;
            }

            @Override
            public void damage(Walk.Damage damage) throws IOException {
                listing.damage(damage);
            }
        };
    }

    private void list(FileIterator file, NewestFirst newest, Listing listing) throws IOException {
        Selection selection = options.selection();
        Longs selected = new Longs();
        long left = selection.limit();
        for (FileTransaction transaction = newest.next();
                transaction != null && left > 0 && !selection.isBefore(transaction.tid());
                transaction = newest.next()) {
            if (selection.takes(file, transaction)) {
                left--;
                if (options.oldestFirst()) {
                    selected.add(transaction.position());
                } else {
                    listing.transaction(file, transaction);
                    // Where nobody reads on, as behind "head", the rest of the file is read for nothing.
                    left = console.out().checkError() ? 0 : left;
                }
            }
        }
        while (!selected.isEmpty() && !console.out().checkError()) {
            file.seek(selected.removeLast());
            listing.transaction(file, Objects.requireNonNull(file.next(), "a transaction that was there"));
        }
    }
}
