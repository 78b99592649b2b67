package io.zeolite.storage.file;

import io.zeolite.blob.BlobRevision;
import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.NoSpaceException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.storage.AppendFailedException;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.RecordTarget;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.StagedRecords;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.storage.undo.PendingRecords;
import io.zeolite.storage.undo.UndoTarget;
import io.zeolite.storage.undo.UndoableLog;
import io.zeolite.storage.undo.UndoneRecord;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file storage: {@code Data.fs} with its index and its lock file.
 *
 * <p><b>What is on disk when.</b> A batch of transactions is appended in these steps:
 *
 * <ol>
 *   <li>All of it is written at the end of the file, each transaction with the status "unfinished".
 *   <li>The file is forced to disk.
 *   <li>What belongs to the transactions elsewhere (blobs) is brought to its place, and forced.
 *   <li>The status of each transaction is overwritten with "committed", the first one's last.
 *   <li>The file is forced to disk again.
 * </ol>
 *
 * <p>The file is cut off before the first unfinished transaction when it is opened. So a process that is killed leaves
 * all of the batch or nothing of it: up to the last byte of step 4 its first transaction is unfinished. A machine that
 * crashes may, in the middle of step 5, have written some of the status bytes and not others, and so leave a part of the
 * batch from its beginning. Nobody has been told of these transactions yet, and each of them is whole.
 *
 * <p>Two forces are needed because the format has no checksums, and a disk writes in whatever order it likes. If status
 * and data went to it together, a crash could leave a transaction that looks committed, with lengths that agree, and
 * zeros for data. All transactions of a batch are unfinished at first, not only the first of them, so that whatever a
 * crash in the middle of step 2 leaves has no committed transaction in it. That tells it from damage to older data,
 * which committed transactions follow, and which must not be cut off.
 *
 * <p>If the disk writes each block as a whole, all that a crash can do to a batch is to leave zeros for some of its
 * blocks. Where that is bound to show, step 2 is left out; see {@link LostBlocks}. What step 3 has brought to its place may
 * then be there after a crash of the machine although nothing tells of the transaction any more.
 *
 * <p><b>Threads.</b> See {@link TransactionLog}. A reader takes the {@link #generation} once, and what is published in it
 * before it looks into its index; it passes over records that are beyond, so that a transaction becomes visible at one
 * instant.
 */
public final class FileLog implements TransactionLog, UndoableLog {
    private static final Logger LOG = LoggerFactory.getLogger(FileLog.class);

    /** Clients compare them with those of Python's storage, in their order. */
    private static final List<String> INTERFACES = List.of(
            "ZODB.interfaces.IStorageRestoreable",
            "ZODB.interfaces.IStorageIteration",
            "ZODB.interfaces.IStorageUndoable",
            "ZODB.interfaces.IStorageCurrentRecordIteration",
            "ZODB.interfaces.IExternalGC",
            "ZODB.interfaces.IStorage",
            "zope.interface.Interface");

    /** Saving the index takes time in proportion to its size; so does, at the least, what is written between two. */
    private static final long MIN_SHARE_OF_INDEX = 8;

    private final Disk disk;
    private final Path path;
    private final FileLogOptions options;
    private final Closeable lock;
    private final List<DiscardedRevision> discarded;

    private volatile Generation generation;

    // The rest is the committer's.
    private Space space;
    private long indexedEnd;
    private long recordsSinceSave;
    private @Nullable BatchWriter writer;
    private volatile @Nullable IOException failure;
    private volatile boolean closed;

    /** A read of one generation. */
    private interface Read<T> {
        T from(Generation generation) throws IOException;
    }

    private FileLog(Disk disk, Path path, FileLogOptions options, Closeable lock, FileOpening.Opened opened) {
        Recovery.Outcome recovered = opened.recovered();
        this.disk = disk;
        this.path = path;
        this.options = options;
        this.lock = lock;
        this.generation = new Generation(opened.file(), opened.index(), recovered.lastTid(), recovered.end());
        this.discarded = recovered.discarded();
        this.space = new Space(opened.file());
        this.indexedEnd = opened.indexedEnd();
        this.recordsSinceSave = recovered.records();
    }

    /**
     * Opens a file storage, and makes it if it is not there. A tail that a crash has left is cut off, kept in a file
     * {@code .tr0}, {@code .tr1} and so on; an index that is missing, old or wrong is made anew from the data. The
     * directory must exist.
     *
     * @param path the data file, as it was configured: clients are told this name
     * @throws LockedException if another process, or this one, has it open for writing
     * @throws FileStorageFormatException if the file is something else
     * @throws CorruptedFileException if it is damaged where no crash can have done it
     * @throws java.nio.file.NoSuchFileException if it is to be read only and is not there, if it is a link to what is not
     *     there, or if it is missing while what an interrupted pack leaves, or an index of transactions, is there
     */
    public static FileLog open(Disk disk, Path path, FileLogOptions options) throws IOException {
        Closeable lock = options.readOnly() ? () -> {} : lock(disk, path);
        try {
            FileOpening.Opened opened = new FileOpening(disk, path, options).open();
            FileLog log = new FileLog(disk, path, options, lock, opened);
            if (log.isIndexDue()) {
                log.saveIndex();
            }
            return log;
        } catch (IOException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** A link has a lock of its own, and the file that it leads to one under its name: somebody may have opened it by that. */
    private static Closeable lock(Disk disk, Path path) throws IOException {
        Path lockPath = FileOpening.sibling(path, ".lock");
        Closeable lock = disk.lock(lockPath);
        try {
            Path target = disk.exists(path) ? disk.linkTarget(path) : null;
            if (target == null) {
                return lock;
            }
            Path targetPath = path.resolveSibling(target);
            Path targetLock = FileOpening.sibling(targetPath, ".lock");
            if (disk.exists(targetLock) && disk.isSameFile(lockPath, targetLock)) {
                return lock;
            }
            Closeable ofTarget = lock(disk, targetPath);
            return () -> {
                try (lock;
                        ofTarget) {
                    // Both are closed, whatever becomes of one.
                }
            };
        } catch (LockedException | RuntimeException | Error e) {
            lock.close();
            throw e;
        } catch (IOException e) {
            LOG.warn("{} is a link, and the file that it leads to cannot be locked as well: {}", path, e.toString());
            return lock;
        }
    }

    /**
     * What was written and never committed, and was cut off when the storage was opened: blobs of these revisions may lie
     * about. Empty for a read-only storage, where somebody else may be about to commit them.
     */
    public List<DiscardedRevision> discardedRevisions() {
        return options.readOnly() ? List.of() : discarded;
    }

    /** Where a pack leaves the data file of before, if it is to keep it. */
    public static Path old(Path data) {
        return FileOpening.sibling(data, ".old");
    }

    @Override
    public StorageInfo info() {
        return new StorageInfo(path.toString(), options.readOnly(), true, true, INTERFACES);
    }

    @Override
    public long lastTransaction() {
        return generation.published().tid();
    }

    @Override
    public long length() {
        return generation.published().length();
    }

    @Override
    public long size() {
        return generation.published().end();
    }

    @Override
    public long maxOid() {
        return generation.published().maxOid();
    }

    // Reading

    /**
     * Reads the generation that there is. If it is replaced meanwhile, and its file closed, reads the new one: it has
     * everything that could be seen in the old one, but for what was packed away.
     */
    private <T> T read(Read<T> read) throws IOException {
        while (true) {
            Generation current = generation;
            try {
                return read.from(current);
            } catch (ClosedChannelException e) {
                if (current == generation) {
                    throw e;
                }
            }
        }
    }

    @Override
    public LoadResult loadBefore(long oid, long before) throws IOException {
        return read(current -> current.reader(oid).loadBefore(before));
    }

    @Override
    public boolean loadBefore(long oid, long before, RecordTarget target) throws IOException {
        return read(current -> current.reader(oid).loadBefore(before, target));
    }

    @Override
    public byte[] loadSerial(long oid, long serial) throws IOException {
        return read(current -> current.reader(oid).loadSerial(serial));
    }

    @Override
    public long getTid(long oid) throws IOException {
        return read(current -> current.reader(oid).tid());
    }

    @Override
    public long currentSerial(long oid) throws IOException {
        return read(current -> {
            DataHeader record = current.reader(oid).newest();
            return record == null ? Tid.NONE : record.tid();
        });
    }

    @Override
    public List<RevisionSummary> history(long oid, long size) throws IOException {
        return read(current -> new History(current.file()).of(current.reader(oid), size));
    }

    @Override
    public List<Invalidations> lastInvalidations(int count) throws IOException {
        return changes(count, Tid.NONE);
    }

    @Override
    public List<Invalidations> invalidationsAfter(long tid) throws IOException {
        return changes(Integer.MAX_VALUE, tid);
    }

    private List<Invalidations> changes(int most, long after) throws IOException {
        return read(current ->
                new History(current.file()).changes(current.published().end(), most, after));
    }

    // Undo

    @Override
    public void visitUndoable(Predicate<TransactionSummary> visitor) throws IOException {
        readRetained(current -> {
            new History(current.file()).visitUndoable(current.published().end(), visitor);
            return current;
        });
    }

    /** Reads a generation whose file is kept open meanwhile, as it may take long. */
    private <T> T readRetained(Read<T> read) throws IOException {
        Generation current = retain();
        try {
            return read.from(current);
        } finally {
            current.release();
        }
    }

    private Generation retain() throws ClosedChannelException {
        while (true) {
            Generation current = generation;
            if (current.retain()) {
                return current;
            }
            if (current == generation) {
                throw new ClosedChannelException();
            }
        }
    }

    @Override
    public UndoTarget find(long tid) throws IOException {
        return readRetained(current -> UndoneTransaction.find(current, tid));
    }

    @Override
    public List<BlobRevision> blobsBefore(UndoTarget target) throws IOException {
        return readRetained(current -> FileUndo.blobsBefore(current, ((UndoneTransaction) target).recordsIn(current)));
    }

    @Override
    public List<UndoneRecord> undo(UndoTarget target, PendingRecords pending) throws IOException {
        Generation current = generation;
        return new FileUndo(current, pending).undo(((UndoneTransaction) target).recordsIn(current));
    }

    @Override
    public long findCopy(long oid, long serial, byte @Nullable [] data) throws IOException {
        return FileUndo.findCopy(generation.reader(oid), serial, data);
    }

    @Override
    public TransactionIterator iterator(long start, long stop) {
        return new LogIterator(() -> generation.view(), start, stop);
    }

    @Override
    public CurrentRecord recordIternext(long oid) throws IOException {
        return read(current -> current.recordFrom(oid));
    }

    // Writing

    @Override
    public long sizeOf(TransactionMetadata metadata, StagedRecords records) {
        return BatchWriter.lengthOf(metadata, records);
    }

    @Override
    public void reserve(long bytes) throws IOException {
        requireWritable();
        space.reserve(generation.appendedEnd(), bytes);
    }

    @Override
    public void release(long bytes) {
        space.release(generation.appendedEnd(), bytes);
    }

    @Override
    public List<Publication> append(List<LogTransaction> transactions, BeforeCommit beforeCommit, Forcing forcing)
            throws IOException {
        requireWritable();
        long[] positions = layOut(transactions);
        if (isIndexDue()) {
            forcing.during(this::saveIndex);
        }
        BatchWriter batch = writer();
        try {
            batch.write(transactions, positions[0]);
        } catch (IOException | RuntimeException e) {
            throw takeBack(e);
        }
        boolean isForcedOnce =
                generation.file().writesWhole(LostBlocks.BLOCK_LENGTH) && LostBlocks.wouldShow(transactions, positions);
        if (!isForcedOnce) {
            force(forcing);
        }
        try {
            if (beforeCommit != BeforeCommit.NOTHING) {
                forcing.during(beforeCommit);
            }
            batch.commit(transactions, positions);
        } catch (IOException | RuntimeException e) {
            throw takeBack(e);
        }
        force(forcing);
        Generation current = generation;
        current.appended(positions[transactions.size()]);
        List<Publication> publications = new ArrayList<>(transactions.size());
        for (int i = 0; i < transactions.size(); i++) {
            LogTransaction transaction = transactions.get(i);
            long position = positions[i];
            long end = positions[i + 1];
            // Not with the publication, for which others wait: readers pass over what is not published.
            BatchWriter.addTo(current.index(), transaction, position);
            recordsSinceSave += transaction.records().count();
            Generation.Published next = current.upTo(transaction.tid(), end);
            publications.add(() -> publish(next, position));
        }
        return publications;
    }

    /** Checks transactions, and finds where each of them and the end of the last one will be. */
    private long[] layOut(List<LogTransaction> transactions) throws AppendFailedException {
        long start = generation.appendedEnd();
        Generation.Published published = generation.published();
        if (published.end() != start) {
            throw new IllegalStateException(path + ": what ends at " + start + " has not been published");
        }
        long[] positions = new long[transactions.size() + 1];
        long position = start;
        long tid = published.tid();
        for (int i = 0; i < transactions.size(); i++) {
            LogTransaction transaction = transactions.get(i);
            if (!Tid.isAfter(transaction.tid(), tid)) {
                throw new IllegalArgumentException(
                        "tid: " + Tid.toHex(transaction.tid()) + " (expected: after " + Tid.toHex(tid) + ")");
            }
            BatchWriter.check(transaction);
            tid = transaction.tid();
            positions[i] = position;
            position += BatchWriter.lengthOf(transaction.metadata(), transaction.records());
        }
        positions[transactions.size()] = position;
        if (position > FileFormat.POSITION_LIMIT) {
            long room = FileFormat.POSITION_LIMIT - start;
            throw new AppendFailedException(
                    path + " has reached the largest size of its format",
                    new NoSpaceException(path, position - start, room));
        }
        return positions;
    }

    private BatchWriter writer() {
        BatchWriter batch = writer;
        if (batch == null) {
            batch = new BatchWriter(generation.file(), generation.index());
            writer = batch;
        }
        return batch;
    }

    private void publish(Generation.Published next, long position) {
        Generation current = generation;
        if (current.published().end() != position) {
            throw new IllegalStateException(
                    "published is what ends at " + current.published().end() + " (expected: at " + position + ")");
        }
        current.publish(next);
    }

    // Pack

    @Override
    public Pack pack(PackControl control) throws IOException {
        requireWritable();
        Path old = old(path);
        if (disk.linkTarget(path) != null && disk.exists(old) && disk.isSameFile(old, path)) {
            throw new IOException(
                    path + " is a link to " + old + ", the name that the pack gives to what was before it");
        }
        Generation current = generation;
        if (!current.retain()) {
            throw new IOException(path + " is closed");
        }
        return new FilePack(this, disk, path, options.pack(), control, current);
    }

    /**
     * What a pack has made of a generation.
     *
     * @param path its name so far
     * @param indexPath an index of it that was saved
     * @param indexedEnd up to where that goes
     */
    record Replacement(DiskFile file, Path path, PositionIndex index, long end, Path indexPath, long indexedEnd) {}

    /**
     * Puts a packed file, which is complete and on disk, in the place of the data file; on the committer's thread. When
     * it returns, so it is on disk.
     *
     * @throws IOException if nothing has changed, or if it is not known whether it has; then the log takes nothing more
     */
    void replace(Generation old, Replacement replacement) throws IOException {
        requireWritable();
        if (generation != old || old.published().end() != old.appendedEnd()) {
            throw new IllegalStateException(path + " is not what was packed");
        }
        if (options.mapped()) {
            replacement.file.mapReads();
        }
        replacement.file.lock();
        Space newSpace = new Space(replacement.file, space);
        newSpace.renew(replacement.end);
        IndexFile.delete(disk, FileOpening.sibling(path, ".index"));
        indexedEnd = 0;
        Path oldPath = old(path);
        disk.delete(oldPath);
        boolean isLinked = false;
        try {
            isLinked = options.pack().keepOld() && keepAs(oldPath);
            disk.move(replacement.path, path);
        } catch (IOException e) {
            throw notMoved(replacement.path, oldPath, isLinked, e);
        }
        replacement.file.moved(path);
        generation = new Generation(
                replacement.file, replacement.index, old.published().tid(), replacement.end);
        space = newSpace;
        writer = null;
        recordsSinceSave = 0;
        try {
            disk.forceDirectoryOf(path);
        } catch (IOException e) {
            throw fail(e);
        } finally {
            old.release();
        }
        adopt(replacement);
    }

    /**
     * Where files have no second names, there is no data file for a moment, as with Python.
     *
     * @return whether the file has both names now
     */
    private boolean keepAs(Path oldPath) throws IOException {
        try {
            disk.link(path, oldPath);
            return true;
        } catch (FileSystemException | UnsupportedOperationException e) {
            LOG.info("{} is renamed to {}, as it cannot get a second name: {}", path, oldPath, e.toString());
            disk.move(path, oldPath);
            return false;
        }
    }

    /** A rename can report an error and have taken place, with NFS for one. */
    private IOException notMoved(Path packed, Path oldPath, boolean isLinked, IOException cause) {
        try {
            if (!disk.exists(packed)) {
                return fail(cause);
            }
            if (!disk.exists(path)) {
                disk.move(oldPath, path);
            } else if (isLinked) {
                removeSecondName(oldPath);
            }
            return cause;
        } catch (IOException e) {
            cause.addSuppressed(e);
            return fail(cause);
        }
    }

    /** Left there it would be taken for what the data file was before, and goes on to change with it. */
    private void removeSecondName(Path oldPath) {
        try {
            disk.delete(oldPath);
        } catch (IOException e) {
            LOG.warn("{} stays a second name of {}: {}", oldPath, path, e.toString());
        }
    }

    /** Whether a file is the data file now. */
    boolean uses(DiskFile file) {
        return generation.file() == file;
    }

    private void adopt(Replacement replacement) {
        try {
            // There is none if no object is left.
            if (disk.exists(replacement.indexPath)) {
                disk.move(replacement.indexPath, FileOpening.sibling(path, ".index"));
                indexedEnd = replacement.indexedEnd;
            }
        } catch (IOException e) {
            LOG.warn("the index of {} could not be saved; opening it will take longer: {}", path, e.toString());
        }
    }

    private void force(Forcing forcing) throws IOException {
        try {
            forcing.during(generation.file()::force);
        } catch (IOException e) {
            throw fail(e);
        }
    }

    /** Cuts off what has been written of a batch that failed. */
    private IOException takeBack(Exception cause) throws IOException {
        Generation current = generation;
        try {
            current.file().truncate(current.appendedEnd());
            current.file().force();
        } catch (IOException e) {
            e.addSuppressed(cause);
            return fail(e);
        }
        try {
            space.renew(current.appendedEnd());
        } catch (IOException e) {
            LOG.warn("{}: the room for transactions that are voted is lost: {}", path, e.toString());
        }
        return new AppendFailedException(path + " could not be written: " + cause.getMessage(), cause);
    }

    private IOException fail(IOException cause) {
        failure = cause;
        return new IOException(describe(cause), cause);
    }

    private String describe(IOException cause) {
        return path + ": it is not known any more what is on disk; it takes no transactions until it is opened anew: "
                + cause.getMessage();
    }

    @Override
    public @Nullable String failure() {
        IOException cause = failure;
        return cause == null ? null : describe(cause);
    }

    private void requireWritable() throws IOException {
        if (options.readOnly()) {
            throw new ReadOnlyException();
        }
        if (closed) {
            throw new IOException(path + " is closed");
        }
        IOException earlier = failure;
        if (earlier != null) {
            throw fail(earlier);
        }
    }

    // The index file

    private boolean isIndexDue() {
        return recordsSinceSave
                >= Math.max(options.indexSaveInterval(), generation.index().size() / MIN_SHARE_OF_INDEX);
    }

    private void saveIndex() {
        recordsSinceSave = 0;
        long end = generation.published().end();
        if (options.readOnly()
                || failure != null
                || indexedEnd == end
                || end != generation.appendedEnd()
                || isReplaced()) {
            return;
        }
        try {
            IndexFile.write(disk, FileOpening.sibling(path, ".index"), generation.index(), end);
            indexedEnd = end;
        } catch (IOException e) {
            LOG.warn("the index of {} could not be saved; opening it will take longer: {}", path, e.toString());
        }
    }

    /** Whether nobody finds any more what is committed; an index of it would be taken for one of the file that is there now. */
    private boolean isReplaced() {
        try {
            if (generation.file().hasItsName()) {
                return false;
            }
            LOG.error(
                    "{} was deleted, moved or replaced since it was opened: what is committed goes to the file that it was",
                    path);
            return true;
        } catch (IOException e) {
            LOG.warn("{} cannot be looked at: {}", path, e.toString());
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (lock) {
            try {
                saveIndex();
                if (!options.readOnly()) {
                    space.giveBack();
                }
            } finally {
                generation.release();
            }
        }
    }
}
