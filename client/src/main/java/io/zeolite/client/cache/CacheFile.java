package io.zeolite.client.cache;

import io.zeolite.disk.Disk;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.RealDisk;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An object cache in a file, for the next start: a log of everything that the cache was told, in order, see
 * {@link CacheRecord}. One process has it open at a time; a second one is told which.
 *
 * <p>The log is written by a thread of its own, some milliseconds behind the cache, and never forced to the disk. It needs
 * not be: any beginning of it is a state that the cache was in, as of the transaction that it ends with, and the next start
 * asks the server what has changed since. Records have checksums; what follows a broken one is cut off.
 *
 * <p>When the log has become much longer than what is in the cache, a new one is written beside it, while the old one is
 * still there, and takes its name.
 */
public final class CacheFile implements CacheJournal, Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheFile.class);

    /** What may wait to be written; beyond it revisions are left out of the file. */
    private static final long MAX_QUEUED_BYTES = 32L << 20;

    /** A log that is not longer than this is not worth being written anew. */
    private static final long MIN_LENGTH = 4L << 20;

    private static final long CLOSE_SECONDS = 10;
    private static final CacheRecord LAST = new CacheRecord.Cleared(Tid.NONE);

    private final Path path;
    private final String storage;
    private final long limitBytes;
    private final ObjectCache cache;
    private final Closeable lock;
    private final LinkedBlockingQueue<CacheRecord> queue = new LinkedBlockingQueue<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    private final Thread writer;

    // The writer's, after open.
    private @Nullable CacheLogWriter log;
    private long writtenTransaction;
    /** How long the log is to be before it may be written anew. */
    private long leastLength = MIN_LENGTH;

    private boolean replaying;

    private CacheFile(Path path, String storage, long limitBytes, Closeable lock) {
        this.path = path;
        this.storage = storage;
        this.limitBytes = limitBytes;
        this.lock = lock;
        this.cache = new ObjectCache(limitBytes, this);
        this.writer = new Thread(this::write, "zeolite-cache-file");
        this.writer.setDaemon(true);
    }

    /**
     * Opens the file, or begins it, and fills a cache with what is in it. Reads all of it. A file of another storage, or
     * of another format, is begun anew.
     *
     * @param storage the name of the storage that the cache is for
     * @param limitBytes of the cache; the file may become some times as long
     * @throws IOException if it cannot be read or written, or another process uses it
     */
    public static CacheFile open(Path path, String storage, long limitBytes) throws IOException {
        Path absolute = path.toAbsolutePath();
        Disk disk = new RealDisk();
        Path directory = absolute.getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Closeable lock = lock(disk, absolute);
        boolean opened = false;
        try {
            CacheFile file = new CacheFile(absolute, storage, limitBytes, lock);
            file.replay();
            file.writer.start();
            opened = true;
            return file;
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    private static Closeable lock(Disk disk, Path path) throws IOException {
        try {
            return disk.lock(path.resolveSibling(path.getFileName() + ".lock"));
        } catch (LockedException e) {
            throw new IOException(
                    "cache file " + path + " is in use (" + e.getMessage() + "); every process needs a file of its own",
                    e);
        }
    }

    /** The cache that is kept in this file. */
    public ObjectCache cache() {
        return cache;
    }

    private void replay() throws IOException {
        long goodLength = 0;
        if (Files.isDirectory(path)) {
            throw new IOException("cache file " + path + " is a directory (expected: a file, or nothing yet)");
        }
        if (Files.exists(path)) {
            replaying = true;
            try (CacheLogReader reader = CacheLogReader.open(path, limitBytes)) {
                if (reader.isFor(storage)) {
                    for (CacheRecord record = reader.next(); record != null; record = reader.next()) {
                        record.replay(cache);
                    }
                    goodLength = reader.position();
                }
                if (goodLength < reader.length()) {
                    LOG.info(
                            "cache file {}: {} of {} bytes are used, what follows is dropped",
                            path,
                            goodLength,
                            reader.length());
                }
            }
            replaying = false;
        }
        writtenTransaction = cache.lastTransaction();
        log = goodLength == 0 ? CacheLogWriter.begin(path, storage) : CacheLogWriter.carryOn(path, goodLength);
    }

    // The cache's writer

    @Override
    public void put(CachedRevision revision) {
        if (!replaying && queuedBytes.get() < MAX_QUEUED_BYTES) {
            enqueue(new CacheRecord.Put(revision.oid(), revision.start(), revision.end(), revision.data()));
        }
    }

    @Override
    public void invalidated(long tid, long[] oids) {
        if (!replaying) {
            enqueue(new CacheRecord.Invalidated(tid, oids));
        }
    }

    @Override
    public void forgot(long tid, long[] oids) {
        if (!replaying) {
            enqueue(new CacheRecord.Forgot(tid, oids));
        }
    }

    @Override
    public void cleared(long tid) {
        if (!replaying) {
            enqueue(new CacheRecord.Cleared(tid));
        }
    }

    /** What is not written yet. Any thread. */
    long queuedBytes() {
        return queuedBytes.get();
    }

    private void enqueue(CacheRecord record) {
        queuedBytes.addAndGet(record.bytes());
        queue.add(record);
    }

    // The thread of the file

    private void write() {
        CacheLogWriter open = log;
        @Nullable CacheRecord record = null;
        try {
            record = queue.take();
            while (open != null && record != LAST) {
                append(open, record);
                record = queue.poll();
                if (record == null) {
                    open.flush();
                    open = compactIfLong(open);
                    record = queue.take();
                }
            }
            if (open != null) {
                open.flush();
            }
        } catch (IOException | RuntimeException | Error e) {
            LOG.warn("cache file {} is not written any more: {}", path, e.toString());
            abandon(record == LAST);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeQuietly(open);
            closeQuietly(lock);
        }
    }

    private void append(CacheLogWriter open, CacheRecord record) throws IOException {
        open.append(record);
        queuedBytes.addAndGet(-record.bytes());
        writtenTransaction = record.transactionAfter(writtenTransaction);
    }

    /** A log that misses something that the cache was told must not be believed. */
    private void abandon(boolean isLast) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.error("cache file {} is wrong now and cannot be removed: {}", path, e.toString());
        }
        // Takes what comes, so that nothing piles up.
        try {
            while (!isLast && queue.take() != LAST) {
                queuedBytes.set(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Writes the log anew, with what is in the cache now. That may be later than what the old log ends with, as the rest
     * is in the queue still; the new one says so: it is as of the transaction that the old one ends with. What is told
     * twice changes nothing, and a revision from after that transaction is dropped by the next start like any other of an
     * object that has changed since.
     */
    private CacheLogWriter compactIfLong(CacheLogWriter open) throws IOException {
        if (open.length() < leastLength + 2 * cache.statistics().bytes()) {
            return open;
        }
        leastLength = MIN_LENGTH;
        Path newer = path.resolveSibling(path.getFileName() + ".new");
        CacheLogWriter log = null;
        try {
            log = CacheLogWriter.begin(newer, storage);
            log.append(new CacheRecord.Forgot(writtenTransaction, new long[0]));
            Iterator<CachedRevision> newest = cache.newestOfEach();
            while (newest.hasNext()) {
                for (CachedRevision revision = newest.next(); revision != null; revision = revision.older) {
                    log.append(new CacheRecord.Put(revision.oid(), revision.start(), revision.end(), revision.data()));
                }
            }
            log.flush();
            Files.move(newer, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException | Error e) {
            LOG.info("cache file {} stays as it is, as it cannot be written anew: {}", path, e.toString());
            leastLength = open.length();
            closeQuietly(log);
            closeQuietly(() -> Files.deleteIfExists(newer));
            return open;
        }
        closeQuietly(open);
        return log;
    }

    private void closeQuietly(@Nullable Closeable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (IOException e) {
                LOG.debug("cannot clean up beside {}: {}", path, e.toString());
            }
        }
    }

    /** Writes what is left, and lets go of the file. The cache must not be changed any more. */
    @Override
    public void close() throws IOException {
        queue.add(LAST);
        try {
            writer.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (writer.isAlive()) {
            // The next one would write to the file beside it.
            LOG.warn("cache file {} is still being written, and stays locked until then", path);
        }
    }
}
