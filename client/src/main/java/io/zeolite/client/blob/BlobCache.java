package io.zeolite.client.blob;

import io.zeolite.disk.Disk;
import io.zeolite.disk.Flock;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.RealDisk;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blobs that have been fetched from far away, in a directory of limited size. Any thread may call it, in as many
 * processes on this machine as like: they share one limit, and a blob is fetched once. Python's ZEO client reads and
 * writes the same directory ({@code zeocache}); see {@link CacheLayout}.
 *
 * <p>Rules:
 *
 * <ul>
 *   <li>Room is reserved before a blob is fetched, and given back if that fails.
 *   <li>What was used least recently goes first, by the access time of the files, which every use sets.
 *   <li>A blob in use does not go. If everything else is in use, a new blob gets no place; see {@link NewEntry}.
 *   <li>A file with the name of a blob is complete. If it was not forced to the disk, its checksum tells after a crash of the
 *       machine whether it still is; see {@link Checksums}.
 * </ul>
 *
 * <p>Locks, in the order in which they are taken: the lock file of a directory, a file itself (shared by those who read a
 * blob, held by whoever removes or fetches it, and never waited for), the ledger. Under the ledger there are only operations
 * on names and lengths of files.
 */
public final class BlobCache implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(BlobCache.class);

    /** How often room is made and lost to somebody else before a blob gets no place. */
    private static final int ATTEMPTS_FOR_ROOM = 20;

    /** How long a blob that has arrived, or has to go, waits for Python clients that use its directory. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration PAUSE = Duration.ofMillis(10);

    /** Who has written nothing for so long is not waited for: a process that was stopped, or whose source hangs. */
    private static final Duration QUIET = Duration.ofSeconds(10);

    private static final int ATTEMPTS_TO_SHARE = 1000;
    private static final int ATTEMPTS_TO_LOCK = 10;
    private static final Duration MOMENT = Duration.ofMillis(1);

    /** Less than this is not looked for on a full disk, which counts in blocks, and keeps some for itself. */
    private static final long LEAST_ROOM_ON_DISK = 1L << 20;

    private final Path root;
    private final CacheLayout layout;
    private final CacheLimit limit;
    private final boolean verify;
    private final Duration patience;
    private final Disk disk = new RealDisk();
    private final Ledger ledger;
    private final Evictor evictor;
    private final Upkeep upkeep;

    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder stored = new LongAdder();
    private final LongAdder storedBytes = new LongAdder();
    private final LongAdder evicted = new LongAdder();
    private final LongAdder evictedBytes = new LongAdder();
    private final LongAdder damaged = new LongAdder();

    private BlobCache(Path root, CacheLimit limit, boolean verify, Duration patience) throws IOException {
        this.root = root;
        this.layout = new CacheLayout(root);
        this.limit = limit;
        this.verify = verify;
        this.patience = patience;
        this.ledger = Ledger.open(layout.ledger(), number -> Upkeep.bytes(layout.directory(number)));
        this.evictor = new Evictor(layout);
        this.upkeep = new Upkeep(layout, ledger, this::shrink);
    }

    /**
     * Opens a cache, creating its directory if need be. What is in it is served at once; it is counted, and cleaned of
     * what crashes have left, in the background.
     *
     * @param verify whether a blob is compared with the checksum noted beside it whenever it is used
     * @throws IOException if it cannot be created, or the directory is something else, a blob directory say
     */
    public static BlobCache open(Path directory, CacheLimit limit, boolean verify) throws IOException {
        return open(directory, limit, verify, PATIENCE);
    }

    static BlobCache open(Path directory, CacheLimit limit, boolean verify, Duration patience) throws IOException {
        Path root = directory.toAbsolutePath().normalize();
        if (Files.notExists(root)) {
            Files.createDirectories(root);
            Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
        }
        checkMarker(new CacheLayout(root));
        Files.createDirectories(new CacheLayout(root).temporary());
        BlobCache cache = new BlobCache(root, limit, verify, patience);
        cache.upkeep.start();
        return cache;
    }

    private static void checkMarker(CacheLayout layout) throws IOException {
        try {
            Files.writeString(
                    layout.marker(), CacheLayout.MARKER, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            String found = Files.readString(layout.marker()).strip();
            // Another process may be about to write it.
            if (!found.isEmpty() && !found.equals(CacheLayout.MARKER)) {
                throw new IOException("not a blob cache: layout '" + found + "' in " + layout.marker() + " (expected: "
                        + CacheLayout.MARKER + "; a cache needs a directory of its own)");
            }
        }
    }

    public Path directory() {
        return root;
    }

    /**
     * Finds a blob. Waits for the disk, and reads all of the blob if it is to be verified. One that is damaged, or cannot be read
     * then, loses its name, whoever reads it: as long as it had one, it could not be fetched again.
     *
     * @return what the caller closes; null if it is not there
     */
    public @Nullable CacheEntry find(long oid, long tid) throws IOException {
        Path path = layout.blob(oid, tid);
        CacheEntry entry = open(path);
        if (entry != null && !isWhole(oid, tid, path, entry)) {
            entry = null;
        }
        (entry == null ? misses : hits).increment();
        return entry;
    }

    /** Otherwise it is removed, and closed. */
    private boolean isWhole(long oid, long tid, Path path, CacheEntry entry) throws IOException {
        boolean whole = false;
        try {
            String flaw = flaw(entry);
            whole = flaw == null;
            if (flaw != null) {
                damaged.increment();
                removeDamaged(oid, tid, path, entry);
                LOG.warn("{} is damaged: {}; removed", path, flaw);
            }
            return whole;
        } finally {
            if (!whole) {
                entry.close();
            }
        }
    }

    /** @return what is wrong with it; null if nothing is */
    private @Nullable String flaw(CacheEntry entry) throws IOException {
        boolean inDoubt = Checksums.isInDoubt(entry);
        try {
            if ((verify || inDoubt) && !Checksums.matches(entry)) {
                return "its checksum is not the one noted when it came";
            }
        } catch (ClosedChannelException e) {
            // This thread was interrupted, which says nothing of the file.
            throw e;
        } catch (IOException e) {
            return "it cannot be read: " + e;
        }
        if (inDoubt) {
            Checksums.clearDoubt(entry);
        }
        return null;
    }

    /** Takes its name from a file that others may be reading. */
    private void removeDamaged(long oid, long tid, Path path, CacheEntry entry) throws IOException {
        int number = CacheLayout.number(oid);
        Closeable directory;
        try {
            directory = lockDirectory(number);
        } catch (LockedException e) {
            // Python's client holds it for as long as it downloads. What nobody else reads can go all the same.
            entry.close();
            remove(oid, tid);
            if (Files.exists(path)) {
                throw e;
            }
            return;
        }
        try (Ledger.Locked locked = ledger.lock()) {
            // It may have been removed in between, and fetched again.
            if (Files.exists(path) && Files.isSameFile(entry.descriptor(), path)) {
                removeFile(locked, number, path);
            }
        } finally {
            directory.close();
        }
    }

    /** Whether a blob is there now; says nothing about later. */
    public boolean contains(long oid, long tid) {
        return Files.exists(layout.blob(oid, tid));
    }

    /**
     * Whether somebody, in this process or another one, is fetching a blob at this moment, and has got ahead within the last
     * ten seconds.
     */
    public boolean isArriving(long oid, long tid) throws IOException {
        Path part = layout.part(oid, tid);
        try (Flock lock = Flock.open(part)) {
            return !lock.tryShare() && !isQuiet(part);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static boolean isQuiet(Path part) throws IOException {
        try {
            return Files.getLastModifiedTime(part)
                    .toInstant()
                    .isBefore(Instant.now().minus(QUIET));
        } catch (NoSuchFileException e) {
            // Its fetcher has just finished.
            return false;
        }
    }

    private static @Nullable CacheEntry open(Path path) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS_TO_SHARE; attempt++) {
            Flock pin = openFile(path);
            if (pin == null) {
                return null;
            }
            @Nullable CacheEntry entry = null;
            try {
                if (pin.tryShare()) {
                    entry = entry(pin);
                    return entry;
                }
            } finally {
                if (entry == null) {
                    pin.close();
                }
            }
            // Somebody holds it alone for a moment: to remove it, or to see whether it may be removed.
            pause(MOMENT);
        }
        return null;
    }

    private static @Nullable Flock openFile(Path path) throws IOException {
        try {
            return Flock.open(path);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static @Nullable CacheEntry entry(Flock pin) throws IOException {
        FileChannel channel = FileChannel.open(pin.descriptor(), StandardOpenOption.READ);
        boolean opened = false;
        try {
            // It may have been removed before it was pinned.
            if ((int) Files.getAttribute(pin.descriptor(), "unix:nlink") == 0) {
                return null;
            }
            touch(pin.descriptor());
            CacheEntry entry = new CacheEntry(pin, channel, channel.size());
            opened = true;
            return entry;
        } finally {
            if (!opened) {
                channel.close();
            }
        }
    }

    private static void touch(Path path) {
        try {
            Files.getFileAttributeView(path, BasicFileAttributeView.class)
                    .setTimes(null, FileTime.from(Instant.now()), null);
        } catch (IOException e) {
            // It belongs to another user, who shares the cache: it keeps its place in the order.
            LOG.debug("cannot note the use of {}: {}", path, e.toString());
        }
    }

    /**
     * Begins to fetch a blob. Makes room, for which others may have to go; waits for the disk. If somebody else is fetching it
     * and has written nothing for ten seconds, it gets no place.
     *
     * @return what the caller fills and closes; empty if another process, or another thread of this one, is fetching it,
     *     or has just done so: the caller tries {@link #find} again, and then this
     */
    public Optional<NewEntry> begin(long oid, long tid, long size) throws IOException {
        return makingRoomOnDisk(size, () -> tryToBegin(oid, tid, size));
    }

    private Optional<NewEntry> tryToBegin(long oid, long tid, long size) throws IOException {
        Path part = layout.part(oid, tid);
        Files.createDirectories(layout.directory(CacheLayout.number(oid)));
        Flock lock = lockPart(part);
        if (lock == null) {
            return isQuiet(part) ? Optional.of(withoutPlace(oid, tid, size)) : Optional.empty();
        }
        boolean begun = false;
        try {
            if (Files.exists(layout.blob(oid, tid))) {
                discard(oid, part);
                return Optional.empty();
            }
            if (!reserve(CacheLayout.number(oid), part, size)) {
                discard(oid, part);
                LOG.debug("no place in {} for {} bytes: everything else is in use", root, size);
                return Optional.of(withoutPlace(oid, tid, size));
            }
            NewEntry entry = withPlace(oid, tid, size, part, lock);
            begun = true;
            return Optional.of(entry);
        } finally {
            if (!begun) {
                lock.close();
            }
        }
    }

    /** @return null if somebody else has it */
    private static @Nullable Flock lockPart(Path part) throws IOException {
        int refused = 0;
        while (true) {
            FileChannel.open(part, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
                    .close();
            Flock lock;
            try {
                lock = Flock.open(part);
            } catch (NoSuchFileException e) {
                continue;
            }
            if (!lock.tryLock()) {
                lock.close();
                if (++refused == ATTEMPTS_TO_LOCK) {
                    return null;
                }
                // Upkeep, which looks for what was left, may hold it for a moment.
                pause(MOMENT);
                continue;
            }
            if ((int) Files.getAttribute(lock.descriptor(), "unix:nlink") > 0 && isAt(lock, part)) {
                return lock;
            }
            // Its fetcher has finished in between, and it is another file now, or none.
            lock.close();
        }
    }

    private static boolean isAt(Flock lock, Path part) throws IOException {
        return Files.exists(part) && Files.isSameFile(lock.descriptor(), part);
    }

    private NewEntry withPlace(long oid, long tid, long size, Path part, Flock lock) throws IOException {
        boolean done = false;
        try {
            FileChannel channel = FileChannel.open(part, StandardOpenOption.READ, StandardOpenOption.WRITE);
            done = true;
            return new NewEntry(this, oid, tid, size, channel, part, lock);
        } finally {
            if (!done) {
                discard(oid, part);
            }
        }
    }

    private NewEntry withoutPlace(long oid, long tid, long size) throws IOException {
        Path file = Files.createTempFile(layout.temporary(), "zeolite-", ".tmp");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                return new NewEntry(this, oid, tid, size, channel, null, Flock.open(file));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } finally {
            Files.delete(file);
        }
    }

    /** Gives the part its length, and counts it, if it fits or can be made to fit. */
    private boolean reserve(int directory, Path part, long size) throws IOException {
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            return resize(directory, channel, 0, size);
        }
    }

    /** How many bytes there may be. */
    public long limitBytes() throws IOException {
        return limit.bytes(root);
    }

    /**
     * Makes room for more of a blob that has turned out to be longer. The ledger counts all of it from now on.
     *
     * @return false if there is no room; the part has lost its name then, and is counted no more
     */
    boolean grow(long oid, Path part, FileChannel channel, long size) throws IOException {
        if (resize(CacheLayout.number(oid), channel, size, size)) {
            return true;
        }
        LOG.debug("no place in {} for {} bytes or more: everything else is in use", root, size);
        discard(oid, part);
        return false;
    }

    /** @param kept how many bytes of what it has stay */
    private boolean resize(int directory, FileChannel channel, long kept, long size) throws IOException {
        long most = limit.bytes(root);
        for (int attempt = 0; size <= most && attempt < ATTEMPTS_FOR_ROOM; attempt++) {
            long excess;
            try (Ledger.Locked locked = ledger.lock()) {
                locked.know(directory);
                // What it has is counted already, also what a fetcher that died has left.
                long before = channel.size();
                excess = locked.total() - before + size - most;
                if (excess <= 0) {
                    locked.changing(directory);
                    if (before > kept) {
                        channel.truncate(kept);
                    }
                    if (size > 0) {
                        channel.write(ByteBuffer.allocate(1), size - 1);
                    }
                    locked.changed(directory, size - before);
                    upkeep.hint(locked.total(), most);
                    return true;
                }
            }
            if (evict(excess) == 0) {
                return false;
            }
        }
        return false;
    }

    /** Gives back what was reserved beyond the end of a blob. */
    void cut(long oid, FileChannel channel, long size) throws IOException {
        int directory = CacheLayout.number(oid);
        try (Ledger.Locked locked = ledger.lock()) {
            locked.changing(directory);
            long before = channel.size();
            channel.truncate(size);
            locked.changed(directory, size - before);
        }
    }

    /** @return how many bytes have gone */
    private long evict(long bytes) throws IOException {
        return evictor.evict(bytes, (directory, path) -> {
            long size = removeFile(directory, path);
            evicted.increment();
            evictedBytes.add(size);
            return size;
        });
    }

    /** What needs room on the disk. */
    interface Writing<T> {
        T write() throws IOException;
    }

    /**
     * Writes, and once more if that failed for want of room on the disk and blobs could go.
     *
     * @param bytes how many are to be written, about
     * @param writing can be done again when it has failed
     */
    <T> T makingRoomOnDisk(long bytes, Writing<T> writing) throws IOException {
        try {
            return writing.write();
        } catch (IOException e) {
            if (!makeRoomOnDisk(Math.max(bytes, LEAST_ROOM_ON_DISK))) {
                throw e;
            }
            LOG.debug("{}; blobs have gone from {}", e, root);
            return writing.write();
        }
    }

    /**
     * Lets blobs go if the disk has less room than the limit says, since others use it too.
     *
     * @param bytes how many are to be written
     * @return whether there is more room now
     */
    boolean makeRoomOnDisk(long bytes) throws IOException {
        return Files.getFileStore(root).getUsableSpace() < bytes && evict(bytes) > 0;
    }

    /** Keeps the cache a little below its limit, so that nobody has to wait for room. */
    private void shrink(long bytes) throws IOException {
        evict(bytes);
    }

    private long removeFile(int directory, Path path) throws IOException {
        try (Ledger.Locked locked = ledger.lock()) {
            return removeFile(locked, directory, path);
        }
    }

    private static long removeFile(Ledger.Locked locked, int directory, Path path) throws IOException {
        locked.changing(directory);
        long size = 0;
        try {
            size = Files.size(path);
            Files.delete(path);
        } catch (NoSuchFileException e) {
            size = 0;
        }
        locked.changed(directory, -size);
        return size;
    }

    void discard(long oid, Path part) throws IOException {
        removeFile(CacheLayout.number(oid), part);
    }

    void keep(long oid, long tid, long size, FileChannel channel, Path part, @Nullable Integer crc32c)
            throws IOException {
        if (channel.size() != size) {
            throw new IOException(part + " has " + channel.size() + " bytes (expected: " + size + ")");
        }
        // A disk takes longer to write a blob than a network to bring it, and the blob is still where it came from.
        if (crc32c == null || !Checksums.note(part, crc32c)) {
            channel.force(false);
        }
        Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("r--------"));
        Closeable directory = lockDirectory(CacheLayout.number(oid));
        try {
            touch(part);
            Files.move(part, layout.blob(oid, tid), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            directory.close();
        }
        stored.increment();
        storedBytes.add(size);
    }

    /** Python's client does not expect a blob to appear while it holds this lock. */
    private Closeable lockDirectory(int number) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return disk.lock(layout.lock(number));
            } catch (LockedException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                pause(PAUSE);
            }
        }
    }

    private static void pause(Duration time) throws IOException {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a lock of the blob cache");
        }
    }

    /** Removes a blob, if it is there and nobody uses it. */
    public void remove(long oid, long tid) throws IOException {
        Path path = layout.blob(oid, tid);
        try (Flock lock = Flock.open(path)) {
            if (lock.tryLock()) {
                removeFile(CacheLayout.number(oid), path);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("{} is not there", path);
        }
    }

    /** How many bytes it has, and has reserved, as far as they have been counted. */
    long totalBytes() throws IOException {
        try (Ledger.Locked locked = ledger.lock()) {
            return locked.total();
        }
    }

    public CacheCounters counters() {
        return new CacheCounters(
                hits.sum(),
                misses.sum(),
                stored.sum(),
                storedBytes.sum(),
                evicted.sum(),
                evictedBytes.sum(),
                damaged.sum());
    }

    /** Lets go of the directory. Entries that are in use stay valid; new ones cannot be kept any more. */
    @Override
    public void close() throws IOException {
        upkeep.close();
        ledger.close();
    }
}
