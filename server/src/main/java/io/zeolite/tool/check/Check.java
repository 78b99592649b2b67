package io.zeolite.tool.check;

import io.zeolite.disk.Disk;
import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.FileFormat;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.Console;
import io.zeolite.tool.Progress;
import io.zeolite.tool.file.Walk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code zeolite check}: what {@code fstest} and {@code fsrefs} look for, and the index and the blobs. */
public final class Check {
    private final Disk disk;
    private final Options options;
    private final Console console;

    /**
     * What to check.
     *
     * @param blobDirectory null if blobs are not to be looked at
     * @param references whether to look at what objects refer to
     * @param shownOfEach how many problems of a kind to show; all are counted
     */
    public record Options(Path path, @Nullable Path blobDirectory, boolean references, int shownOfEach, boolean json) {}

    public Check(Options options, Console console) {
        this(options, console, new RealDisk());
    }

    Check(Options options, Console console, Disk disk) {
        this.disk = disk;
        this.options = options;
        this.console = console;
    }

    /**
     * Checks and shows.
     *
     * @return one of the statuses of monitors: the level of the worst problem
     * @throws IOException if the file is no data file, or it or the blob directory cannot be read
     */
    public int run() throws IOException {
        Path blobDirectory = options.blobDirectory();
        if (blobDirectory != null && !Files.isDirectory(blobDirectory)) {
            throw new NoSuchFileException(blobDirectory.toString());
        }
        // The index first: what a server saves later belongs to a longer file.
        Path indexPath = options.path().resolveSibling(options.path().getFileName() + ".index");
        try (FileIterator probe = FileIterator.open(disk, options.path());
                Findings findings = new Findings(console, options.path(), options.shownOfEach(), options.json())) {
            IndexComparison indexFile = IndexComparison.read(disk, indexPath, findings);
            try (FileIterator file = FileIterator.open(disk, probe.path())) {
                check(file, indexFile, findings);
            }
            return findings.level();
        }
    }

    private void check(FileIterator file, @Nullable IndexComparison indexFile, Findings findings) throws IOException {
        Revisions revisions = options.blobDirectory() == null ? null : new Revisions();
        Structure structure = new Structure(file, findings, indexFile, revisions);
        Map<String, Object> figures = new LinkedHashMap<>();
        try (Progress progress = new Progress(console, "checking the structure", file.size())) {
            structure.end(Walk.over(file, progress, structure));
        }
        figures.put("bytes", file.size());
        figures.put("transactions", structure.transactions());
        figures.put("records", structure.records());
        figures.put("objects", structure.objects());
        figures.put("deleted_objects", structure.deletedObjects());
        if (options.references()) {
            figures.put("references", references(file, findings, structure));
        }
        if (revisions != null && options.blobDirectory() != null) {
            new Blobs(options.blobDirectory(), revisions, findings, structure.lastTid()).check();
            figures.put("blobs", (long) revisions.size());
        }
        findings.conclude(figures);
    }

    private long references(FileIterator file, Findings findings, Structure structure) throws IOException {
        References references = new References(file, findings, structure);
        long end = file.position();
        file.seek(FileFormat.FIRST_TRANSACTION);
        try (Progress progress = new Progress(console, "checking references", file.size())) {
            Walk.over(file, progress, new Walk.Visitor() {
                @Override
                public boolean transaction(FileTransaction transaction) throws IOException {
                    return transaction.position() < end && references.transaction(transaction);
                }

                @Override
                public void damage(Walk.Damage damage) {
                    // The first walk has said so.
                }
            });
        }
        return references.references();
    }
}
