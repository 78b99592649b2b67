package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.storage.index.MalformedIndexException;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds or makes a data file and brings it into the state in which transactions can be appended to it. */
final class FileOpening {
    private static final Logger LOG = LoggerFactory.getLogger(FileOpening.class);
    private static final int COPY_LENGTH = 1 << 20;

    /** The smallest part of a disk that is written, which is not always that of the system's cache. */
    private static final int SECTOR_LENGTH = 512;

    private final Disk disk;
    private final Path path;
    private final Path indexPath;
    private final FileLogOptions options;

    /**
     * An opened data file.
     *
     * @param file to be closed by whoever gets it
     * @param recovered its committed part
     * @param indexedEnd up to where the index file covers it; 0 if there is no index file that can be used
     */
    record Opened(DiskFile file, PositionIndex index, Recovery.Outcome recovered, long indexedEnd) {}

    private record Base(PositionIndex index, long end, long lastTid) {}

    FileOpening(Disk disk, Path path, FileLogOptions options) {
        this.disk = disk;
        this.path = path;
        this.indexPath = sibling(path, ".index");
        this.options = options;
    }

    static Path sibling(Path path, String suffix) {
        return path.resolveSibling(path.getFileName() + suffix);
    }

    Opened open() throws IOException {
        if (!options.readOnly()) {
            refuseLinkToNothing();
        }
        if (options.create()) {
            IndexFile.delete(disk, indexPath);
            disk.delete(path);
        }
        if (!options.readOnly() && !disk.exists(path) && !putBack()) {
            refuseToReplace("missing");
            refuseIndexOfMore("missing");
            create();
        }
        DiskFile file = disk.open(path, options.readOnly() ? Disk.Mode.READ : Disk.Mode.READ_WRITE);
        try {
            if (!options.readOnly()) {
                file.lock();
                if (file.size() == 0) {
                    // As a copy is that was not finished, or not on disk when the power failed.
                    refuseToReplace("empty");
                    refuseIndexOfMore("empty");
                }
                removeUnfinishedPack();
            }
            Opened opened = recover(file);
            if (options.mapped()) {
                file.mapReads();
            }
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /** What it leads to may be on a disk that is not mounted yet. A new database in its place would look like a loss. */
    private void refuseLinkToNothing() throws IOException {
        Path target = disk.linkTarget(path);
        if (target != null && !disk.exists(path)) {
            throw new NoSuchFileException(
                    path.toString(), null, "it is a link to " + target + ", which is not there (is its disk mounted?)");
        }
    }

    /**
     * Python's pack renames the data file first and its new file then, and so does one without hard links. In between, both are complete, and the old one is
     * known to be on disk. They end with the same transaction; otherwise the old one is that of an earlier pack.
     */
    private boolean putBack() throws IOException {
        Path old = FileLog.old(path);
        Path pack = sibling(path, ".pack");
        if (options.create() || !disk.exists(old) || !disk.exists(pack)) {
            return false;
        }
        long last = lastTid(old);
        if (last == Tid.NONE || last != lastTid(pack)) {
            return false;
        }
        LOG.warn("{} is missing as an interrupted pack leaves it; {} gets its name again", path, old);
        IndexFile.delete(disk, indexPath);
        disk.move(old, path);
        disk.forceDirectoryOf(path);
        return true;
    }

    /** The last transaction of a file that ends with one which was committed; else {@link Tid#NONE}. */
    private long lastTid(Path other) throws IOException {
        try (DiskFile file = disk.open(other, Disk.Mode.READ)) {
            FileWindow window = new FileWindow(file, ByteBuffer.allocate(COPY_LENGTH));
            TransactionHeader last = new TransactionsBackwards(window).endingAt(file.size());
            return last != null && FileFormat.isCommitted(last.status()) ? last.tid() : Tid.NONE;
        }
    }

    /** While there is a data file, and nobody else has the lock, what a pack has begun to write is of no use. */
    private void removeUnfinishedPack() throws IOException {
        for (String suffix : new String[] {".pack", ".pack.index", ".pack.index.index_tmp"}) {
            Path leftover = sibling(path, suffix);
            if (disk.exists(leftover)) {
                LOG.info("{} is removed: the pack that wrote it was interrupted", leftover);
                disk.delete(leftover);
            }
        }
        Path old = FileLog.old(path);
        // If a link leads there, somebody has made it, and there is no other file.
        if (disk.exists(old) && disk.exists(path) && disk.isSameFile(old, path) && !leadsOver(path, old)) {
            LOG.info("{} is removed: an interrupted pack has left it as a second name of {}", old, path);
            disk.delete(old);
        }
    }

    /** Whether a link leads, through others perhaps, to a file by this name. */
    private boolean leadsOver(Path link, Path name) throws IOException {
        Path at = link;
        for (Path target = disk.linkTarget(at); target != null; target = disk.linkTarget(at)) {
            at = at.resolveSibling(target);
            if (at.getFileName().equals(name.getFileName())
                    && disk.isSameFile(at.resolveSibling(""), name.resolveSibling(""))) {
                return true;
            }
        }
        return false;
    }

    /**
     * An interrupted pack can leave all data in its other files, and repozo writes what it restores into one of its own. An
     * empty database beside them would look like a loss.
     */
    private void refuseToReplace(String what) throws IOException {
        for (String suffix : new String[] {".old", ".pack", ".part"}) {
            Path other = sibling(path, suffix);
            if (!options.create() && disk.exists(other)) {
                long last = lastTid(other);
                throw new NoSuchFileException(
                        path.toString(),
                        null,
                        "it is " + what + " while " + other
                                + " is there, as an interrupted pack or copy, or a restore, leaves it ("
                                + (last == Tid.NONE
                                        ? "that does not end with a whole transaction"
                                        : "the last transaction of that is " + Tid.toHex(last))
                                + "); rename the file that has the data, run a restore again, or ask once for a new database (create)");
            }
        }
    }

    /** Nothing tells what has become of the transactions that an index knows. */
    private void refuseIndexOfMore(String what) throws IOException {
        long end;
        try {
            end = IndexFile.read(disk, indexPath).map(IndexFile.Contents::end).orElse(0L);
        } catch (MalformedIndexException e) {
            return;
        }
        if (end > FIRST_TRANSACTION) {
            throw new NoSuchFileException(
                    path.toString(),
                    null,
                    "it is " + what + ", and had at least " + end + " bytes when " + indexPath
                            + " was written; put a copy of it in its place, or remove that one too for a new database");
        }
    }

    /** Through a rename, so that after a crash there is a data file with its first bytes, or none. */
    private void create() throws IOException {
        Path temporary = sibling(path, ".new");
        try (DiskFile file = disk.open(temporary, Disk.Mode.REPLACE)) {
            writeMagic(file);
        }
        disk.move(temporary, path);
        LOG.info("{} was not there: created", path);
    }

    private static void writeMagic(DiskFile file) throws IOException {
        file.write(ByteBuffer.allocate(4).putInt(0, FileFormat.MAGIC), 0);
        file.force();
    }

    private Opened recover(DiskFile file) throws IOException {
        if (file.size() == 0) {
            if (!options.readOnly()) {
                writeMagic(file);
            }
        } else if (Magic.of(file) == Magic.PYTHON_2 && !options.readOnly()) {
            throw FileStorageFormatException.python2(path);
        }
        long size = Math.max(file.size(), FIRST_TRANSACTION);
        Base base = base(file, size);
        long start = base.end == 0 ? FIRST_TRANSACTION : base.end;
        Recovery.Outcome recovered = new Recovery(file, size, base.index, base.lastTid).scan(start);
        String why = recovered.why();
        Damage lostStatus = recovered.lostStatus();
        if (lostStatus != null && options.readOnly()) {
            LOG.error(
                    "{}; what comes before is served",
                    lostStatus.toException(path).getMessage());
        } else if (lostStatus != null) {
            throw lostStatus.toException(path);
        }
        if (!options.readOnly()) {
            if (why != null) {
                cutOff(file, recovered.end(), size, why);
            }
            confirm(file, recovered);
        }
        LOG.info(
                "{}: {} objects, {} bytes, last transaction {} ({} transactions scanned)",
                path,
                base.index.size(),
                recovered.end(),
                Tid.toHex(recovered.lastTid()),
                recovered.transactions());
        return new Opened(file, base.index, recovered, base.end);
    }

    /**
     * Brings to the disk what was read, since clients are going to see it. A process that was killed may not have forced
     * its last batch. Where it tried and failed, the system can go on to show what the disk does not have, and take it for
     * written, until it is written again. The data of a large batch is on disk before its first status is, so the statuses
     * do; and as a disk writes whole sectors, one of those in the same sector. All of a batch that may have been forced once
     * is written again.
     */
    private void confirm(DiskFile file, Recovery.Outcome recovered) throws IOException {
        List<TransactionHeader> lastBatch = recovered.lastBatch();
        if (!lastBatch.isEmpty()) {
            long from = Math.max(lastBatch.get(0).position(), recovered.end() - LostBlocks.MAX_BATCH_LENGTH);
            writeStatusesAgain(file, lastBatch, from);
            writeAgain(file, from, recovered.end());
            requireWhole(file, from, lastBatch);
        }
        file.force();
        disk.forceDirectoryOf(path);
    }

    /** @param end statuses from here on are left out */
    private static void writeStatusesAgain(DiskFile file, List<TransactionHeader> transactions, long end)
            throws IOException {
        long written = -1;
        for (TransactionHeader transaction : transactions) {
            long position = transaction.position() + FileFormat.STATUS_OFFSET;
            if (position < end && position / SECTOR_LENGTH != written) {
                file.write(ByteBuffer.allocate(1).put(0, transaction.status()), position);
                written = position / SECTOR_LENGTH;
            }
        }
    }

    private static void writeAgain(DiskFile file, long start, long end) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) (end - start));
        file.read(bytes, start);
        file.write(bytes.flip(), start);
    }

    /** The system may have dropped, after the scan, what the disk never had; then this is not what was scanned. */
    private static void requireWhole(DiskFile file, long from, List<TransactionHeader> transactions)
            throws IOException {
        FileWindow window = new FileWindow(file, ByteBuffer.allocate(LostBlocks.MAX_BATCH_LENGTH));
        for (TransactionHeader scanned : transactions) {
            if (scanned.position() >= from) {
                TransactionHeader header = window.transactionHeader(scanned.position());
                Damage damage = header.equals(scanned)
                        ? TransactionCheck.check(window, header, TransactionCheck.RecordVisitor.NONE)
                        : new Damage(
                                scanned.position(),
                                "a transaction",
                                header.toString(),
                                "as it was read before: " + scanned);
                if (damage != null) {
                    throw damage.toException(file.path());
                }
            }
        }
    }

    /** What the index file knows already; an empty index if there is none that can be used. */
    private Base base(DiskFile file, long size) throws IOException {
        Base none = new Base(new PositionIndex(), 0, Tid.NONE);
        Optional<IndexFile.Contents> contents;
        try {
            contents = IndexFile.read(disk, indexPath);
        } catch (MalformedIndexException e) {
            LOG.warn("the index is damaged or of an old form, the whole data file is scanned: {}", e.getMessage());
            return none;
        } catch (IOException e) {
            LOG.warn("{} cannot be read, the whole data file is scanned: {}", indexPath, e.toString());
            return none;
        }
        boolean ofNothing = contents.isPresent() && contents.get().end() == FIRST_TRANSACTION;
        if (contents.isPresent() && !ofNothing) {
            IndexCheck check = new IndexCheck(file, size, contents.get());
            String problem = check.problem();
            if (problem == null) {
                return new Base(contents.get().index(), contents.get().end(), check.lastTid());
            }
            LOG.info("{} does not belong to the data file: {}; all of it is scanned", indexPath, problem);
            if (contents.get().end() > size) {
                // It is only written for what is on disk.
                LOG.warn(
                        "{} has {} bytes, and had at least {} when {} was written: it was packed or repaired, or an older copy was put"
                                + " there; if not, committed transactions are lost",
                        path,
                        size,
                        contents.get().end(),
                        indexPath);
            }
        } else if (size > FIRST_TRANSACTION) {
            String found = ofNothing ? "was written before the first transaction" : "is missing";
            LOG.info("{} {}; the whole data file is scanned", indexPath, found);
        }
        return none;
    }

    /** Moves the tail of the file into a file of its own, where it can be looked at. */
    private void cutOff(DiskFile file, long end, long size, String why) throws IOException {
        Path tail = sibling(path, ".tr0");
        for (int i = 1; disk.exists(tail); i++) {
            tail = sibling(path, ".tr" + i);
        }
        // On a full disk this room may be all there is for the copy.
        file.releaseRoom();
        try {
            copy(file, end, size, tail);
        } catch (IOException e) {
            // Another one would be left at each attempt to start.
            try {
                disk.delete(tail);
            } catch (IOException notDeleted) {
                e.addSuppressed(notDeleted);
            }
            throw e;
        }
        disk.forceDirectoryOf(path);
        file.truncate(end);
        LOG.warn("{}: cut off {} bytes at {}, kept in {}: {}", path, size - end, end, tail, why);
    }

    private void copy(DiskFile file, long end, long size, Path target) throws IOException {
        try (DiskFile copy = disk.open(target, Disk.Mode.REPLACE)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(COPY_LENGTH, size - end));
            for (long position = end; position < size; position += buffer.limit()) {
                file.read(buffer.clear(), position);
                copy.write(buffer.flip(), position - end);
            }
            copy.force();
        }
    }
}
