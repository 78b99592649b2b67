package io.zeolite.commit;

import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.PackControl.Pace;
import io.zeolite.storage.PackControl.RemovedBlobs;
import io.zeolite.storage.TransactionLog;
import io.zeolite.zodb.Tid;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blobs that a pack makes superfluous: first a list of them, then their removal. For the pack's thread.
 *
 * <p>The list is the file {@code .removed} in the blob directory, as in Python: a line for each revision, oid and tid in
 * hex. It is complete and on disk before the packed file takes the place of the old one, and is deleted when all of it
 * has been done, so that after a crash the rest can be done. No entry is believed: a blob goes only if the log does not
 * have its revision, so a list that is left of a pack that did not come to its end does no harm.
 */
final class PackedBlobs implements RemovedBlobs {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");
    private static final int BUFFER_LENGTH = 64 << 10;
    private static final int ID_DIGITS = 16;

    private final BlobDirectory directory;
    private final boolean keepOld;
    private final @Nullable ColdBlobs cold;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_LENGTH);
    private @Nullable FileChannel list;

    /** @param cold hears of the revisions too, before the list is forgotten; null if there is nothing but the directory */
    PackedBlobs(BlobDirectory directory, boolean keepOld, @Nullable ColdBlobs cold) {
        this.directory = directory;
        this.keepOld = keepOld;
        this.cold = cold;
    }

    private Path path() {
        return directory.removedList();
    }

    @Override
    public void clear() throws IOException {
        closeList();
        buffer.clear();
        list = FileChannel.open(
                path(), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
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
                throw new IOException("cannot force the list of removed blobs " + path() + ": " + e, e);
            }
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
        if (list != null) {
            closeList();
            Files.deleteIfExists(path());
        }
    }

    /** Removes what an earlier pack has kept. */
    void begin() throws IOException {
        directory.removeOld();
    }

    /** Removes the blobs of the list, as far as the log does not have their revisions, and the list. */
    void process(TransactionLog log, Pace pace) throws IOException {
        closeList();
        long count = 0;
        try (BufferedReader lines = Files.newBufferedReader(path(), StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                pace.spent(0);
                count += process(log, line.strip());
            }
        }
        if (cold != null) {
            cold.forceRemoved();
        }
        Files.delete(path());
        if (count > 0) {
            LOG.info("pack: {} blobs {} ", count, keepOld ? "moved to " + directory.oldRoot() : "deleted");
        }
    }

    private int process(TransactionLog log, String line) throws IOException {
        if (line.length() == 2 * ID_DIGITS && line.chars().allMatch(HexFormat::isHexDigit)) {
            long oid = HexFormat.fromHexDigitsToLong(line, 0, ID_DIGITS);
            return remove(log, oid, HexFormat.fromHexDigitsToLong(line, ID_DIGITS, 2 * ID_DIGITS));
        }
        if (line.length() == ID_DIGITS && line.chars().allMatch(HexFormat::isHexDigit)) {
            // Python's way to say that the object is gone altogether.
            long oid = HexFormat.fromHexDigitsToLong(line);
            int count = 0;
            for (long tid : directory.revisions(oid)) {
                count += remove(log, oid, tid);
            }
            return count;
        }
        LOG.warn("{} has a line that is not understood: '{}' (expected: oid and tid in hex)", path(), line);
        return 0;
    }

    private int remove(TransactionLog log, long oid, long tid) throws IOException {
        try {
            log.loadSerial(oid, tid);
            return 0;
        } catch (PosKeyException e) {
            if (cold != null) {
                cold.removed(oid, tid);
            }
            return directory.retire(oid, tid, keepOld) ? 1 : 0;
        }
    }
}
