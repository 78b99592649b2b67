package io.zeolite.blob.tier;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.zodb.Tid;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The objects that packs have made superfluous. They stay in the store for a grace, since copies and backups of the database
 * still refer to them.
 *
 * <p>Until then they are listed in the file {@code .bucket-garbage} of the blob directory: a line for each revision, oid and
 * tid in hex and the second since 1970 when it was packed away. Lines are added while a pack goes on, and on disk before the
 * pack forgets them; the list is written anew, under another name first, when some of it is done. A line that is there twice,
 * or whose object is gone already, does no harm. Any thread.
 */
public final class Garbage {
    private static final Logger LOG = LoggerFactory.getLogger(Garbage.class);

    private static final String FILE = ".bucket-garbage";
    private static final int ID_DIGITS = 16;
    private static final int BATCH = 1000;

    private final Path directory;
    private final Path file;
    private final BlobStore store;
    private final KeyLayout layout;
    private final Duration grace;
    private @Nullable FileChannel open;

    /** Whether the database refers to a revision. */
    public interface References {
        /** @throws IOException if that cannot be found out; nothing is deleted then */
        boolean has(BlobRevision revision) throws IOException;
    }

    private record Entry(BlobRevision revision, Instant since) {}

    /** @param store which only the owner of the prefix can delete from */
    public Garbage(Path blobDirectory, BlobStore store, KeyLayout layout, Duration grace) {
        this.directory = blobDirectory;
        this.file = blobDirectory.resolve(FILE);
        this.store = store;
        this.layout = layout;
        this.grace = grace;
    }

    Duration grace() {
        return grace;
    }

    /** Lists a revision; on disk after {@link #force}. */
    public synchronized void add(BlobRevision revision, Instant now) throws IOException {
        String line = Tid.toHex(revision.oid()) + Tid.toHex(revision.tid()) + " " + now.getEpochSecond() + "\n";
        ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
        FileChannel channel = channel();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private FileChannel channel() throws IOException {
        FileChannel channel = open;
        if (channel == null) {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
            open = channel;
        }
        return channel;
    }

    /** Waits until what was added is on disk. */
    public synchronized void force() throws IOException {
        FileChannel channel = open;
        if (channel != null) {
            open = null;
            channel.force(true);
            channel.close();
            forceDirectory();
        }
    }

    private void forceDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Deletes the objects whose grace is over. What cannot be deleted stays listed.
     *
     * @param references asked of each just before; what is referred to after all is taken off the list
     * @param stop looked at before each request
     * @return how many objects are gone
     */
    public int sweep(Instant now, References references, BooleanSupplier stop) throws IOException {
        Instant last = now.minus(grace);
        Set<BlobRevision> due = new LinkedHashSet<>();
        for (Entry entry : entries()) {
            if (!entry.since().isAfter(last)) {
                due.add(entry.revision());
            }
        }
        Set<BlobRevision> done = new LinkedHashSet<>();
        int gone = 0;
        try {
            List<BlobRevision> left = new ArrayList<>(due);
            for (int start = 0; start < left.size() && !stop.getAsBoolean(); start += BATCH) {
                List<BlobRevision> batch = left.subList(start, Math.min(left.size(), start + BATCH));
                gone += delete(batch, references);
                done.addAll(batch);
            }
        } finally {
            forget(done);
        }
        return gone;
    }

    private int delete(List<BlobRevision> batch, References references) throws IOException {
        List<String> keys = new ArrayList<>();
        for (BlobRevision revision : batch) {
            if (!references.has(revision)) {
                keys.add(layout.key(revision.oid(), revision.tid()));
            }
        }
        if (!keys.isEmpty()) {
            store.deleteAll(keys);
        }
        return keys.size();
    }

    /** The revisions whose grace is not over. */
    public Set<BlobRevision> waiting(Instant now) throws IOException {
        Instant last = now.minus(grace);
        Set<BlobRevision> waiting = new LinkedHashSet<>();
        for (Entry entry : entries()) {
            if (entry.since().isAfter(last)) {
                waiting.add(entry.revision());
            }
        }
        return waiting;
    }

    private synchronized List<Entry> entries() throws IOException {
        force();
        List<Entry> entries = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Entry entry = parse(line);
                if (entry == null) {
                    LOG.warn("{} has a line that is not understood: '{}' (expected: oid, tid and a time)", file, line);
                } else {
                    entries.add(entry);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        return entries;
    }

    private static @Nullable Entry parse(String line) {
        int ids = 2 * ID_DIGITS;
        if (line.length() < ids + 2 || line.length() > ids + 12 || line.charAt(ids) != ' ') {
            return null;
        }
        String time = line.substring(ids + 1);
        if (!line.substring(0, ids).chars().allMatch(HexFormat::isHexDigit)
                || !time.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return null;
        }
        return new Entry(
                new BlobRevision(
                        HexFormat.fromHexDigitsToLong(line, 0, ID_DIGITS),
                        HexFormat.fromHexDigitsToLong(line, ID_DIGITS, ids)),
                Instant.ofEpochSecond(Long.parseLong(time)));
    }

    /** Writes the list anew without some revisions, which keeps what was added meanwhile. */
    private synchronized void forget(Set<BlobRevision> done) throws IOException {
        if (done.isEmpty()) {
            return;
        }
        Path unfinished = file.resolveSibling(FILE + ".tmp");
        try (Writer writer = Files.newBufferedWriter(unfinished, StandardCharsets.US_ASCII)) {
            for (Entry entry : entries()) {
                BlobRevision revision = entry.revision();
                if (!done.contains(revision)) {
                    writer.write(Tid.toHex(revision.oid()) + Tid.toHex(revision.tid()) + " "
                            + entry.since().getEpochSecond() + "\n");
                }
            }
        }
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        forceDirectory();
    }
}
