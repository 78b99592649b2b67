package io.zeolite.blob.directory;

import io.zeolite.blob.BlobRevision;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.disk.Disk;
import io.zeolite.disk.LockedException;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A blob directory as ZODB keeps it. Any thread may call it; what waits for the disk says so.
 *
 * <p>The way of a blob, and what a crash leaves behind at each step:
 *
 * <ol>
 *   <li>{@link #newTemporaryFile}, filled by whoever called it, or {@link #sharedFile}, filled by a client: a file in
 *       {@code tmp/}, removed at the next {@link #openLocked}; a client's file stays where the client put it.
 *   <li>{@link #forceFile} and {@link #prepare}, before the vote is answered: the same, on disk, and perhaps an empty
 *       directory of the object.
 *   <li>{@link #commit} and {@link #forceDirectories}, before the transaction counts as committed: a file with a
 *       committed name whose transaction may not exist. Nobody asks for it, as nobody knows its tid.
 * </ol>
 */
public final class BlobDirectory implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDirectory.class);

    /** What Python's client names a file in a directory that it shares: {@code <tid><random>.tmp-}. */
    private static final Pattern SHARED_NAME = Pattern.compile("[^/\0]*\\.tmp[^/\0]?");

    private static final Set<PosixFilePermission> READ =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);
    private static final Set<PosixFilePermission> WRITE = EnumSet.of(
            PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private static final String LOCK_FILE = ".zeolite-lock";

    private final Path root;
    private final OldBlobs old;
    private final Path temporary;
    private final BlobLayout layout;
    private final boolean sync;
    private final DurableDirectories directories;
    private Closeable lock = () -> {};

    private BlobDirectory(Path directory, BlobLayout layout, boolean sync) {
        this.sync = sync;
        this.directories = new DurableDirectories(sync);
        this.root = directory;
        this.old = new OldBlobs(directory, sync);
        this.temporary = directory.resolve("tmp");
        this.layout = layout;
    }

    /**
     * Opens a blob directory for reading and writing, creating what is missing of it, and removes what a crash has left
     * in {@code tmp/}. The storage's lock must have been taken before: what another server is about to commit would be
     * removed too. Waits for the disk.
     *
     * @param sync whether blobs are forced to the disk at all: if not, none of the methods waits for it, and what they say
     *     survives a crash of the machine does not, but for luck; it survives that of this process
     * @throws IOException if it cannot be created, or its marker names a layout that is not ZODB's
     */
    public static BlobDirectory open(Path directory, boolean sync) throws IOException {
        BlobDirectory blobs = of(directory, sync);
        blobs.create();
        new Leftovers(blobs.temporary).remove();
        return blobs;
    }

    /** The same with blobs that are forced to the disk. */
    public static BlobDirectory open(Path directory) throws IOException {
        return open(directory, true);
    }

    /**
     * Like {@link #open(Path, boolean)}, for a server, until {@link #close}: the lock of a data file does not keep a server with another one, a copy of it
     * perhaps, from removing what this one has. Where files cannot be locked, the log says so.
     *
     * @throws LockedException if another server has the directory
     */
    public static BlobDirectory openLocked(Disk disk, Path directory, boolean sync) throws IOException {
        BlobDirectory blobs = of(directory, sync);
        blobs.create();
        blobs.lock(disk);
        boolean opened = false;
        try {
            new Leftovers(blobs.temporary).remove();
            opened = true;
            return blobs;
        } finally {
            if (!opened) {
                blobs.close();
            }
        }
    }

    private void lock(Disk disk) throws LockedException {
        try {
            lock = disk.lock(root.resolve(LOCK_FILE));
        } catch (LockedException e) {
            throw e;
        } catch (IOException e) {
            LOG.warn(
                    "the blob directory {} cannot be locked, so nothing keeps another server from using it: {}",
                    root,
                    e.toString());
        }
    }

    /** Opens a blob directory without changing anything on the disk. Another server may be writing to it. */
    public static BlobDirectory openReadOnly(Path directory) throws IOException {
        return of(directory, true);
    }

    private static BlobDirectory of(Path directory, boolean sync) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        return new BlobDirectory(absolute, BlobLayout.of(absolute), sync);
    }

    /** Whether a directory is not there, or nobody has ever used it for blobs. */
    public static boolean isNew(Path directory) throws IOException {
        return Files.notExists(directory.resolve(BlobLayout.MARKER_FILE))
                && BlobLayout.of(directory) == BlobLayout.BUSHY;
    }

    /** Whether blobs are forced to the disk. */
    public boolean isSynced() {
        return sync;
    }

    /** Gives back the lock, if there is one. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    private void create() throws IOException {
        directories.create(root);
        // The marker comes first: a directory with nothing but tmp/ in it is taken for an old lawn.
        Path marker = root.resolve(BlobLayout.MARKER_FILE);
        if (Files.notExists(marker)) {
            writeMarker(marker);
            LOG.info("new layout marker in blob directory {}: {}", root, layout.marker());
        }
        @Nullable Path bushy = layout == BlobLayout.LAWN ? BlobLayout.bushyEntry(root) : null;
        if (bushy != null) {
            LOG.warn(
                    "{} says lawn, and {} is a directory, as in the layout bushy: blobs below it are not found",
                    marker,
                    bushy);
        }
        directories.create(temporary);
        if (!Files.getAttribute(temporary, "unix:dev").equals(Files.getAttribute(root, "unix:dev"))) {
            LOG.warn(
                    "{} is on another file system than {}: every blob is copied when it is committed", temporary, root);
        }
    }

    private void writeMarker(Path marker) throws IOException {
        Path unfinished = root.resolve(BlobLayout.MARKER_FILE + ".tmp");
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            ByteBuffer text = ByteBuffer.wrap(layout.marker().getBytes(StandardCharsets.US_ASCII));
            while (text.hasRemaining()) {
                channel.write(text);
            }
            channel.force(true);
        }
        Files.move(unfinished, marker, StandardCopyOption.ATOMIC_MOVE);
        DurableDirectories.force(root);
    }

    /** Where the file of a committed revision is, whether it exists or not. */
    public Path path(long oid, long tid) {
        return oidDirectory(oid).resolve(BlobLayout.fileName(tid));
    }

    /** Where the files of an object are, whether it exists or not. */
    public Path oidDirectory(long oid) {
        return root.resolve(layout.directoryName(oid));
    }

    /** Creates an empty file in {@code tmp/} that its owner alone may read and write. Waits for the disk. */
    public Path newTemporaryFile() throws IOException {
        return Files.createTempFile(temporary, "zeolite-", ".tmp");
    }

    /**
     * A file in {@code tmp/} with the bytes of a committed revision, to be committed for another one: a second name of
     * the same file, since neither changes, or a copy where there are no second names. Waits for the disk.
     *
     * @throws PosKeyException if the revision has no file
     */
    public Path stageAgain(long oid, long serial) throws IOException {
        Path committed = path(oid, serial);
        try {
            return stageAgain(committed);
        } catch (NoSuchFileException e) {
            throw PosKeyException.noBlob(committed.toString(), oid, serial);
        }
    }

    /** The same with the bytes of any file that is complete, in {@code tmp/} perhaps. */
    public Path stageAgain(Path complete) throws IOException {
        Path staged = newTemporaryFile();
        try {
            Files.delete(staged);
            try {
                Files.createLink(staged, complete);
            } catch (UnsupportedOperationException | FileSystemException e) {
                Files.copy(complete, staged, LinkOption.NOFOLLOW_LINKS);
            }
            forceIfSynced(staged);
            return staged;
        } catch (IOException e) {
            Files.deleteIfExists(staged);
            throw e;
        }
    }

    /**
     * Where a file lies that a client of a shared directory has put beside its final place; it need not exist.
     *
     * @throws CallException {@code ValueError} if the name is not that of a temporary file in the object's directory
     */
    public Path sharedFile(long oid, String baseName) {
        return sharedFile(oidDirectory(oid), baseName);
    }

    /** The same in a directory that is that of the object. */
    public static Path sharedFile(Path objectDirectory, String baseName) {
        if (!SHARED_NAME.matcher(baseName).matches()) {
            throw notAShared(baseName);
        }
        try {
            return objectDirectory.resolve(baseName);
        } catch (InvalidPathException e) {
            throw notAShared(baseName);
        }
    }

    private static CallException notAShared(String baseName) {
        return CallException.badValue("name of a shared blob file: '" + baseName
                + "' (expected: no directory, ending in .tmp or .tmp and one character)");
    }

    /**
     * Makes the directory of an object ready for {@link #commit}: when this returns, it exists, survives a crash, and may
     * be written to. A directory that is there already, made by Python perhaps, is taken to be on disk. Waits for the
     * disk if it has to create something.
     */
    public void prepare(long oid) throws IOException {
        Path directory = oidDirectory(oid);
        directories.create(directory);
        // If it has vanished again, commit creates it.
        if (!Files.isWritable(directory) && Files.exists(directory)) {
            throw new IOException("no permission to write to the blob directory " + directory);
        }
    }

    /**
     * Makes a staged file ready for {@link #commit}: when this returns, its bytes survive a crash, and nobody has
     * permission to write to it any more. Waits for the disk.
     *
     * @throws IOException if it is not there, is no regular file (a link, say), or belongs to somebody else
     */
    public void forceFile(Path staged) throws IOException {
        PosixFileAttributeView view = attributes(staged);
        PosixFileAttributes attributes = regularFile(staged, view);
        Set<PosixFilePermission> permissions = attributes.permissions();
        permissions.removeAll(WRITE);
        view.setPermissions(permissions);
        forceIfSynced(staged);
    }

    /**
     * Renames a staged file to the name of a committed revision, replacing what has that name, with the permissions of
     * committed blobs: writable by nobody, readable by whoever can read the directory. On disk after
     * {@link #forceFile}, {@link #prepare} and, last, {@link #forceDirectories}.
     *
     * <p>If {@code tmp/} is on another file system the file is copied, and that waits for the disk.
     *
     * @return the directory to be forced
     */
    public Path commit(Path staged, long oid, long tid) throws IOException {
        Path directory = oidDirectory(oid);
        Path committed = directory.resolve(BlobLayout.fileName(tid));
        // Not all versions of Java refuse to change the permissions of what a link leads to.
        regularFile(staged, attributes(staged));
        for (int attempt = 1; ; attempt++) {
            directories.create(directory);
            try {
                setCommittedPermissions(staged, directory);
                move(staged, committed);
                return directory;
            } catch (NoSuchFileException e) {
                // It was empty, and a pack or the archiver has removed it.
                if (attempt == DurableDirectories.MAX_ATTEMPTS || Files.notExists(staged)) {
                    throw e;
                }
            }
        }
    }

    private void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            moveByCopy(from, to, sync);
        }
    }

    /** Moves a file to another file system, where it appears at once, complete and with the same permissions. */
    static void moveByCopy(Path from, Path to, boolean sync) throws IOException {
        Path copy = to.resolveSibling(to.getFileName() + ".tmp");
        try {
            Files.copy(
                    from,
                    copy,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES,
                    LinkOption.NOFOLLOW_LINKS);
            if (sync) {
                force(copy);
            }
            Files.move(copy, to, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(copy);
        }
        Files.delete(from);
    }

    private static PosixFileAttributes regularFile(Path staged, PosixFileAttributeView view) throws IOException {
        PosixFileAttributes attributes = view.readAttributes();
        if (!attributes.isRegularFile()) {
            throw new IOException("staged blob " + staged + " is not a regular file");
        }
        return attributes;
    }

    /**
     * Makes commits survive a crash, with one fsync for each different directory. Waits for the disk.
     *
     * @param helpers does some of them meanwhile, if it comes to it
     */
    public void forceDirectories(Collection<Path> oidDirectories, Executor helpers) throws IOException {
        if (!sync) {
            return;
        }
        List<FutureTask<Void>> tasks = new ArrayList<>();
        for (Path directory : new LinkedHashSet<>(oidDirectories)) {
            tasks.add(new FutureTask<>(() -> {
                forceIfThere(directory);
                return null;
            }));
        }
        tasks.stream().skip(1).forEach(helpers::execute);
        // All of them: helpers may have no time. What one has begun or done already is passed over.
        tasks.forEach(FutureTask::run);
        for (FutureTask<Void> task : tasks) {
            await(task);
        }
    }

    private static void forceIfThere(Path directory) throws IOException {
        try {
            DurableDirectories.force(directory);
        } catch (NoSuchFileException e) {
            LOG.debug("{} is empty and gone: what was committed there has been archived", directory);
        }
    }

    private static void await(FutureTask<Void> task) throws IOException {
        try {
            task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while directories were forced");
        }
    }

    /**
     * Gives the file of a revision that was not committed after all its staged name again, if there is one. After a crash
     * of the machine it may have the other again.
     */
    public void takeBack(Path staged, long oid, long tid) throws IOException {
        Path committed = path(oid, tid);
        if (Files.exists(committed, LinkOption.NOFOLLOW_LINKS) && Files.notExists(staged)) {
            move(committed, staged);
        }
    }

    /**
     * Deletes the file of a revision that was not committed after all, if there is one. After a crash of the machine it
     * may be there again.
     */
    public void remove(long oid, long tid) throws IOException {
        Files.deleteIfExists(path(oid, tid));
    }

    /** Renames the file of a revision to end in {@code .bak}, so that nobody finds it. */
    public void backUp(long oid, long tid) throws IOException {
        Path file = path(oid, tid);
        Files.move(file, file.resolveSibling(file.getFileName() + ".bak"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Hears of committed files. */
    public interface Visitor {
        void visit(BlobRevision revision, BasicFileAttributes file);
    }

    /** Tells of every file with a committed name, in no particular order. What comes or goes meanwhile may be missed. */
    public void forEachCommitted(Visitor visitor) throws IOException {
        new BlobFiles(root, layout).forEach((oid, tid, file) -> {
            BasicFileAttributes attributes;
            try {
                attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            } catch (NoSuchFileException e) {
                return;
            }
            if (attributes.isRegularFile()) {
                visitor.visit(new BlobRevision(oid, tid), attributes);
            }
        });
    }

    // Pack

    /** Where a pack lists the revisions that it makes superfluous. */
    public Path removedList() {
        return root.resolve(".removed");
    }

    /** Gives a list that is complete and on disk the name of {@link #removedList}; so it is on disk when this returns. */
    public void setRemovedList(Path list) throws IOException {
        Files.move(list, removedList(), StandardCopyOption.ATOMIC_MOVE);
        if (sync) {
            DurableDirectories.force(root);
        }
    }

    /** Where blobs are moved that were packed away, if they are to be kept. */
    public Path oldRoot() {
        return old.root();
    }

    /** Deletes the blobs that earlier packs have kept, in time in proportion to their number. */
    public void removeOld() throws IOException {
        old.clear();
    }

    /** The tids of the revisions of an object that there are. */
    public List<Long> revisions(long oid) throws IOException {
        List<Long> tids = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(oidDirectory(oid), "0x*.blob")) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String digits = name.substring(2, name.length() - ".blob".length());
                if (digits.length() <= 2 * Long.BYTES && digits.chars().allMatch(HexFormat::isHexDigit)) {
                    tids.add(HexFormat.fromHexDigitsToLong(digits));
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return tids;
    }

    /**
     * Takes away the file of a revision that was packed away or archived, and the directories that become empty.
     *
     * @param keep whether it is moved to {@link #oldRoot} or deleted
     * @return whether it was there
     */
    public boolean retire(long oid, long tid, boolean keep) throws IOException {
        Path file = path(oid, tid);
        boolean wasThere = keep ? Files.exists(file) && old.take(file) : Files.deleteIfExists(file);
        if (wasThere) {
            removeIfEmpty(oid);
        }
        return wasThere;
    }

    /** Takes away the directory of an object, and those above it, if nothing is in it. */
    public void removeIfEmpty(long oid) throws IOException {
        old.removeEmpty(oidDirectory(oid));
    }

    /**
     * Opens the file of a committed revision. May wait for the disk.
     *
     * @return what the caller closes
     * @throws PosKeyException if there is no such file
     * @throws IOException if it cannot be opened, naming the file
     */
    public OpenBlob open(long oid, long serial) throws IOException {
        Path path = path(oid, serial);
        FileChannel channel;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw PosKeyException.noBlob(path.toString(), oid, serial);
        }
        try {
            return new OpenBlob.LocalFile(channel, channel.size());
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot read the blob " + path + ": " + e.getMessage(), e);
        }
    }

    /** As Python: the write bits go, and whoever may read the directory may read the file. */
    private static void setCommittedPermissions(Path file, Path directory) throws IOException {
        PosixFileAttributeView view = attributes(file);
        Set<PosixFilePermission> permissions = EnumSet.copyOf(READ);
        permissions.retainAll(Files.getPosixFilePermissions(directory));
        permissions.addAll(view.readAttributes().permissions());
        permissions.removeAll(WRITE);
        view.setPermissions(permissions);
    }

    /** Of the file itself: a link that a client has put there must not lead to another file. */
    private static PosixFileAttributeView attributes(Path file) {
        return Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    }

    private void forceIfSynced(Path file) throws IOException {
        if (sync) {
            force(file);
        }
    }

    static void force(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            channel.force(true);
        } catch (IOException e) {
            throw new IOException("cannot force the blob " + file + ": " + e, e);
        }
    }
}
