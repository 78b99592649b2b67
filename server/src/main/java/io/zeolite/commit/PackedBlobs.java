package io.zeolite.commit;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.PackControl.Pace;
import io.zeolite.storage.PackControl.RemovedBlobs;
import io.zeolite.storage.TransactionLog;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blobs that a pack makes superfluous: first a list of them, then their removal. For the pack's thread.
 *
 * <p>The list is the file {@code .removed} in the blob directory, as in Python: a line for each revision, oid and tid in
 * hex. It gets this name when it is complete and on disk, right before the packed file takes the place of the old one, and is deleted when all of it
 * has been done, so that after a crash the rest can be done. No entry is believed: a blob goes only if the log does not
 * have its revision.
 *
 * <p>A list that is left and cannot be worked off, because the disk is full perhaps, becomes the head of the next one.
 */
final class PackedBlobs implements RemovedBlobs {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");
    private static final int BUFFER_LENGTH = 64 << 10;
    private static final int ID_DIGITS = 16;
    private static final int LINE_LENGTH = 2 * ID_DIGITS + 1;

    private final BlobDirectory directory;
    private final boolean keepOld;
    private final @Nullable ColdBlobs cold;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_LENGTH);
    private @Nullable FileChannel list;
    /** Whether the list that this pack has begun has its name. */
    private boolean complete;
    /** How many lines at the head of the list an earlier pack has left: what they name is not kept. */
    private long carried;

    /** @param cold hears of the revisions too, before the list is forgotten; null if there is nothing but the directory */
    PackedBlobs(BlobDirectory directory, boolean keepOld, @Nullable ColdBlobs cold) {
        this.directory = directory;
        this.keepOld = keepOld;
        this.cold = cold;
    }

    private Path path() {
        return directory.removedList();
    }

    /** The name of a list until it is complete: a pack that is killed leaves nothing that would be worked off. */
    private Path unfinished() {
        return path().resolveSibling(path().getFileName() + ".pack");
    }

    @Override
    public void clear() throws IOException {
        discard();
        if (carried > 0) {
            Files.copy(path(), unfinished(), StandardCopyOption.REPLACE_EXISTING);
        }
        openList(unfinished(), carried);
    }

    private void openList(Path path, long lines) throws IOException {
        buffer.clear();
        FileChannel open = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        list = open;
        open.truncate(lines * LINE_LENGTH).position(lines * LINE_LENGTH);
    }

    @Override
    public void add(long oid, long tid) throws IOException {
        byte[] line = (Tid.toHex(oid) + Tid.toHex(tid) + "\n").getBytes(StandardCharsets.US_ASCII);
        if (buffer.remaining() < line.length) {
            flush();
        }
        buffer.put(line);
    }

    @Override
    public void force() throws IOException {
        flush();
        FileChannel open = list;
        if (open != null) {
            try {
                open.force(true);
            } catch (IOException e) {
                throw new IOException("cannot force the list of removed blobs " + unfinished() + ": " + e, e);
            }
        }
    }

    @Override
    public void complete() throws IOException {
        if (!complete) {
            directory.setRemovedList(unfinished());
            complete = true;
        }
    }

    private void flush() throws IOException {
        FileChannel open = list;
        if (open == null) {
            throw new IllegalStateException("the list of removed blobs is not open");
        }
        buffer.flip();
        while (buffer.hasRemaining()) {
            open.write(buffer);
        }
        buffer.clear();
    }

    private void closeList() throws IOException {
        FileChannel open = list;
        list = null;
        if (open != null) {
            open.close();
        }
    }

    /** Whether there is a list. */
    boolean isLeft() {
        return Files.exists(path());
    }

    /** Forgets the list that this pack has begun, if it has: the pack has come to nothing. What an earlier one left stays. */
    void discard() throws IOException {
        FileChannel open = list;
        if (open == null) {
            return;
        }
        open.truncate(carried * LINE_LENGTH);
        closeList();
        if (!complete) {
            Files.deleteIfExists(unfinished());
        } else if (carried == 0) {
            Files.deleteIfExists(path());
        }
        complete = false;
    }

    /** Works off what an earlier pack has left, or begins the list of this one with it if that fails. */
    void takeOver(TransactionLog log, Pace pace) throws IOException {
        carried = 0;
        complete = false;
        if (!isLeft()) {
            return;
        }
        try {
            process(log, pace);
        } catch (IOException e) {
            carry(log, pace);
            LOG.warn("blobs that an earlier pack has left still cannot be removed: {}", e.toString());
        }
    }

    /**
     * Leaves in the list only what the log does not have now. It belongs to the old data file, which is gone when this
     * pack has put the present one in its place: then it can be deleted.
     */
    private void carry(TransactionLog log, Pace pace) throws IOException {
        try (BufferedReader lines = read()) {
            openList(unfinished(), 0);
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                pace.spent(0);
                for (BlobRevision left : superfluous(log, line.strip())) {
                    add(left.oid(), left.tid());
                    carried++;
                }
            }
            force();
        } finally {
            closeList();
        }
        directory.setRemovedList(unfinished());
    }

    private BufferedReader read() throws IOException {
        return Files.newBufferedReader(path(), StandardCharsets.ISO_8859_1);
    }

    /** Removes what an earlier pack has kept, now that the data file is replaced that had need of it. */
    void begin() throws IOException {
        // First what makes room, since the other may need some. If it is not told, that keeps things longer.
        directory.removeOld();
        if (cold != null) {
            cold.packed();
        }
    }

    /** Removes the blobs of the list, as far as the log does not have their revisions, and the list. */
    void process(TransactionLog log, Pace pace) throws IOException {
        closeList();
        long read = 0;
        long moved = 0;
        long deleted = 0;
        Instant since = presentOf(log);
        try (BufferedReader lines = read()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                pace.spent(0);
                boolean keep = keepOld && read++ >= carried;
                int count = 0;
                for (BlobRevision removed : superfluous(log, line.strip())) {
                    count += remove(removed, keep, since) ? 1 : 0;
                }
                if (keep) {
                    moved += count;
                } else {
                    deleted += count;
                }
            }
        }
        if (cold != null) {
            cold.forceRemoved();
        }
        Files.delete(path());
        if (moved > 0) {
            LOG.info("pack: {} blobs moved to {}", moved, directory.oldRoot());
        }
        if (deleted > 0) {
            LOG.info("pack: {} blobs deleted", deleted);
        }
    }

    /** The revisions that a line names, as far as the log does not have them. */
    private List<BlobRevision> superfluous(TransactionLog log, String line) throws IOException {
        if (line.length() == 2 * ID_DIGITS && line.chars().allMatch(HexFormat::isHexDigit)) {
            long oid = HexFormat.fromHexDigitsToLong(line, 0, ID_DIGITS);
            return superfluous(log, oid, List.of(HexFormat.fromHexDigitsToLong(line, ID_DIGITS, 2 * ID_DIGITS)));
        }
        if (line.length() == ID_DIGITS && line.chars().allMatch(HexFormat::isHexDigit)) {
            // Python's way to say that the object is gone altogether.
            long oid = HexFormat.fromHexDigitsToLong(line);
            // What is later is about to be committed, and will only then be found in the log.
            long last = log.lastTransaction();
            return superfluous(
                    log,
                    oid,
                    directory.revisions(oid).stream()
                            .filter(tid -> !Tid.isAfter(tid, last))
                            .toList());
        }
        LOG.warn("{} has a line that is not understood: '{}' (expected: oid and tid in hex)", path(), line);
        return List.of();
    }

    private static List<BlobRevision> superfluous(TransactionLog log, long oid, List<Long> tids) throws IOException {
        List<BlobRevision> revisions = new ArrayList<>();
        for (long tid : tids) {
            try {
                log.loadSerial(oid, tid);
            } catch (PosKeyException e) {
                revisions.add(new BlobRevision(oid, tid));
            }
        }
        return revisions;
    }

    /** A clock that is behind, as after a start without a network, would make things look long past. */
    private static Instant presentOf(TransactionLog log) {
        Instant now = Instant.now();
        Instant last = TimeStamp.toInstant(log.lastTransaction());
        return last.isAfter(now) ? last : now;
    }

    private boolean remove(BlobRevision revision, boolean keep, Instant since) throws IOException {
        if (cold != null) {
            cold.removed(revision.oid(), revision.tid(), since);
        }
        return directory.retire(revision.oid(), revision.tid(), keep);
    }
}
