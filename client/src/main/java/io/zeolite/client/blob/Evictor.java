package io.zeolite.client.blob;

import io.zeolite.disk.Disk;
import io.zeolite.disk.Flock;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.RealDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what was used least recently. Nothing is remembered of what is in the cache, which may be millions of files,
 * but for the oldest of them: they are found by looking at all, and used up before that happens again. What has been used
 * since then is not among the oldest any more, and is passed over.
 */
final class Evictor {
    private static final Logger LOG = LoggerFactory.getLogger(Evictor.class);

    /** How many are found by one look at everything. */
    private static final int MOST_CANDIDATES = 10_000;

    private record Candidate(int directory, Path path, long accessNanos) {}

    /** Removes a file that nobody else can reach meanwhile. */
    interface Removal {
        /** @return its size */
        long remove(int directory, Path path) throws IOException;
    }

    private final CacheLayout layout;
    private final Disk disk = new RealDisk();
    private final ArrayDeque<Candidate> oldest = new ArrayDeque<>();

    Evictor(CacheLayout layout) {
        this.layout = layout;
    }

    /**
     * Removes files until they have this size together, or there are none that could go.
     *
     * @return their size together
     * @throws ClosedChannelException if the cache was closed, or this thread was interrupted: all others would fail like this
     */
    synchronized long evict(long bytes, Removal removal) throws IOException {
        long gone = 0;
        boolean looked = false;
        while (gone < bytes) {
            if (oldest.isEmpty()) {
                if (looked) {
                    break;
                }
                looked = true;
                findOldest();
            } else {
                long size = evict(oldest.remove(), removal);
                gone += size;
                looked &= size == 0;
            }
        }
        return gone;
    }

    private long evict(Candidate candidate, Removal removal) throws IOException {
        Closeable directory;
        try {
            directory = disk.lock(layout.lock(candidate.directory()));
        } catch (LockedException e) {
            return 0;
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            return passOver(candidate, e);
        }
        try (Flock file = Flock.open(candidate.path())) {
            boolean unused = file.tryLock() && accessNanos(candidate.path()) == candidate.accessNanos();
            return unused ? removal.remove(candidate.directory(), candidate.path()) : 0;
        } catch (NoSuchFileException e) {
            return 0;
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            return passOver(candidate, e);
        } finally {
            directory.close();
        }
    }

    /** What belongs to another user, perhaps, who has once run a program here, does not keep what can go from going. */
    private static long passOver(Candidate candidate, IOException reason) {
        LOG.warn("{} cannot be removed from the cache: {}", candidate.path(), reason.toString());
        return 0;
    }

    private void findOldest() {
        PriorityQueue<Candidate> youngestFirst = new PriorityQueue<>(
                Comparator.comparingLong(Candidate::accessNanos).reversed());
        for (int number : layout.directories()) {
            try (DirectoryStream<Path> files =
                    Files.newDirectoryStream(layout.directory(number), "*" + CacheLayout.BLOB_SUFFIX)) {
                for (Path path : files) {
                    offer(youngestFirst, number, path);
                }
            } catch (NoSuchFileException e) {
                // Nothing has been put there yet.
            } catch (DirectoryIteratorException | IOException e) {
                LOG.warn("{} of the cache cannot be listed: {}", layout.directory(number), e.toString());
            }
        }
        List<Candidate> found = new ArrayList<>(youngestFirst);
        found.sort(Comparator.comparingLong(Candidate::accessNanos));
        oldest.addAll(found);
    }

    private static void offer(PriorityQueue<Candidate> youngestFirst, int number, Path path) throws IOException {
        try {
            youngestFirst.add(new Candidate(number, path, accessNanos(path)));
        } catch (NoSuchFileException e) {
            return;
        }
        if (youngestFirst.size() > MOST_CANDIDATES) {
            youngestFirst.remove();
        }
    }

    private static long accessNanos(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class)
                .lastAccessTime()
                .to(TimeUnit.NANOSECONDS);
    }
}
