package io.zeolite.blob.tier;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoreException;
import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.RealDisk;
import io.zeolite.zodb.OidHash;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.LineNumberReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
 * tid in hex, the place where its object is, and the second since 1970 when it was packed away. What is listed of another
 * place stays for when the database has that one again; lines of before places were noted are without. Lines are added while a pack goes on, and on disk before the
 * pack forgets them; the list is written anew, under another name first, when some of it is done. A line that is there twice,
 * whose object is gone already, or that a crash has cut short, does no harm: the pack lists it again.
 *
 * <p>As long as the data file of before the last pack is there, what that pack has listed waits for the next one: a line
 * {@code packed} stands before it.
 *
 * <p>A revision that was listed, and is referred to again since somebody went back to an older data file, may be packed away once
 * more: it waits for the last of its lines.
 *
 * <p>The first pack of an old site may list millions. No more than a batch of them is held in memory, a bit for each that is
 * done, so that the list is written anew once for all of them, and some bits for those that wait. Any thread; one sweep at a time.
 */
public final class Garbage {
    private static final Logger LOG = LoggerFactory.getLogger(Garbage.class);

    private static final String FILE = ".bucket-garbage";
    private static final String PACKED = "packed";
    private static final int ID_DIGITS = 16;
    private static final int TIME_DIGITS = 10;
    private static final int BATCH = 1000;
    private static final int WRITE_BYTES = 64 << 10;
    /** 8 MB. With a million that wait, one in 64 others waits with them though it need not. */
    private static final int BITS_OF_A_SUM = 26;

    private final Path directory;
    private final Path file;
    private final BlobStore store;
    private final KeyLayout layout;
    private final Duration grace;
    private final Disk disk;
    private @Nullable DiskFile open;

    /** Whether the database refers to a revision. */
    public interface References {
        /** @throws IOException if that cannot be found out; nothing is deleted then */
        boolean has(BlobRevision revision) throws IOException;

        /** Whether there is the data file of before the last pack, which refers to what that pack has removed. */
        default boolean keepsOld() {
            return false;
        }
    }

    /** @param place empty if it is not known to be another one */
    private record Entry(BlobRevision revision, String place, Instant since) {
        String line() {
            return Tid.toHex(revision.oid()) + Tid.toHex(revision.tid()) + " " + (place.isEmpty() ? "" : place + " ")
                    + since.getEpochSecond() + "\n";
        }
    }

    /** @param store which only the owner of the prefix can delete from */
    public Garbage(Path blobDirectory, BlobStore store, KeyLayout layout, Duration grace) {
        this(blobDirectory, store, layout, grace, new RealDisk());
    }

    Garbage(Path blobDirectory, BlobStore store, KeyLayout layout, Duration grace, Disk disk) {
        this.directory = blobDirectory;
        this.file = blobDirectory.resolve(FILE);
        this.store = store;
        this.layout = layout;
        this.grace = grace;
        this.disk = disk;
    }

    Duration grace() {
        return grace;
    }

    /** Lists a revision; on disk after {@link #force}. */
    public void add(BlobRevision revision, Instant now) throws IOException {
        append(new Entry(revision, store.place(), now).line());
    }

    /** Notes that a pack has replaced the data file, before it lists what it has removed. */
    public void packed() throws IOException {
        append(PACKED + "\n");
    }

    private synchronized void append(String line) throws IOException {
        DiskFile list = open == null ? disk.open(file, Disk.Mode.READ_WRITE) : open;
        boolean written = false;
        try {
            long end = list.size();
            list.write(ByteBuffer.wrap((beginning(list, end) + line).getBytes(StandardCharsets.UTF_8)), end);
            written = true;
        } finally {
            open = written ? list : null;
            if (!written) {
                list.close();
            }
        }
    }

    /** What ends a line that was cut short. */
    private static String beginning(DiskFile list, long end) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        return end > 0 && list.read(last, end - 1) == 1 && last.get(0) != '\n' ? "\n" : "";
    }

    /** Waits until what was added is on disk. */
    public synchronized void force() throws IOException {
        DiskFile list = open;
        if (list != null) {
            open = null;
            try (list) {
                list.force();
            }
            disk.forceDirectory(directory);
        }
    }

    /**
     * Deletes the objects whose grace is over. What cannot be deleted stays listed, and does not hold up the rest.
     *
     * @param references asked of each just before; what is referred to after all is taken off the list
     * @param stop looked at before each request
     * @return how many objects are gone
     */
    public int sweep(Instant now, References references, BooleanSupplier stop) throws IOException {
        Instant last = now.minus(grace);
        int end = references.keepsOld() ? lastPack() : Integer.MAX_VALUE;
        BitSet waiting = waitingSums(last, end);
        BitSet done = new BitSet();
        int gone = 0;
        int failures = 0;
        String first = "";
        try (LineNumberReader lines = lines()) {
            for (Map<Integer, BlobRevision> batch = due(lines, last, end, waiting);
                    !batch.isEmpty() && !stop.getAsBoolean();
                    batch = due(lines, last, end, waiting)) {
                List<String> keys = superfluous(batch.values(), references);
                Map<String, StoreException> failed = keys.isEmpty() ? Map.of() : store.deleteAll(keys);
                gone += keys.size() - failed.size();
                if (failures == 0 && !failed.isEmpty()) {
                    first = String.valueOf(failed.values().iterator().next().getMessage());
                }
                failures += failed.size();
                batch.forEach((number, revision) -> {
                    if (!failed.containsKey(key(revision))) {
                        done.set(number);
                    }
                });
            }
        } finally {
            forget(done);
        }
        if (failures > 0) {
            LOG.warn(
                    "{}: {} objects that packs have made superfluous cannot be deleted and are tried again, the first: {}",
                    store.name(),
                    failures,
                    first);
        }
        return gone;
    }

    private String key(BlobRevision revision) {
        return layout.key(revision.oid(), revision.tid());
    }

    private List<String> superfluous(Collection<BlobRevision> batch, References references) throws IOException {
        Set<String> keys = new LinkedHashSet<>();
        for (BlobRevision revision : batch) {
            if (!references.has(revision)) {
                keys.add(key(revision));
            }
        }
        return List.copyOf(keys);
    }

    /** The revisions whose grace is not over, whatever their place. */
    public Set<BlobRevision> waiting(Instant now) throws IOException {
        Instant last = now.minus(grace);
        Set<BlobRevision> waiting = new LinkedHashSet<>();
        try (LineNumberReader lines = lines()) {
            for (Entry entry = next(lines); entry != null; entry = next(lines)) {
                if (entry.since().isAfter(last)) {
                    waiting.add(entry.revision());
                }
            }
        }
        return waiting;
    }

    /** The number of the line that the last pack has begun with; 0 if none is known. */
    private int lastPack() throws IOException {
        int number = 0;
        try (LineNumberReader lines = lines()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number = line.equals(PACKED) ? lines.getLineNumber() : number;
            }
        }
        return number;
    }

    /** Of the revisions in lines whose grace is not over, or which stand behind the end. */
    private BitSet waitingSums(Instant last, int end) throws IOException {
        BitSet sums = new BitSet();
        try (LineNumberReader lines = lines()) {
            for (Entry entry = next(lines); entry != null; entry = next(lines)) {
                if (isHere(entry) && (entry.since().isAfter(last) || lines.getLineNumber() > end)) {
                    sums.set(sum(entry.revision()));
                }
            }
        }
        return sums;
    }

    private static int sum(BlobRevision revision) {
        return (int) (OidHash.of(revision.oid(), revision.tid()) >>> (Long.SIZE - BITS_OF_A_SUM));
    }

    /**
     * The next revisions whose grace is over, by the numbers of their lines: as many as go into a request; none at the end.
     *
     * @param end the line to end with
     * @param waiting see {@link #waitingSums}
     */
    private Map<Integer, BlobRevision> due(LineNumberReader lines, Instant last, int end, BitSet waiting)
            throws IOException {
        Map<Integer, BlobRevision> due = new LinkedHashMap<>();
        for (Entry entry = next(lines);
                entry != null && lines.getLineNumber() <= end;
                entry = due.size() < BATCH ? next(lines) : null) {
            if (!entry.since().isAfter(last) && isHere(entry) && !waiting.get(sum(entry.revision()))) {
                due.put(lines.getLineNumber(), entry.revision());
            }
        }
        return due;
    }

    private boolean isHere(Entry entry) {
        return entry.place().isEmpty() || entry.place().equals(store.place());
    }

    /** The lines that are there at this moment. Until the list is written anew, each keeps its number. */
    private synchronized LineNumberReader lines() throws IOException {
        force();
        InputStream list;
        try {
            list = new Beginning(disk.open(file, Disk.Mode.READ));
        } catch (NoSuchFileException e) {
            list = InputStream.nullInputStream();
        }
        return new LineNumberReader(new InputStreamReader(list, StandardCharsets.UTF_8));
    }

    /** What a file has when this is made: of what is added meanwhile there may be half a line. */
    private static final class Beginning extends InputStream {
        private final DiskFile list;
        private final long end;
        private long position;

        Beginning(DiskFile list) throws IOException {
            this.list = list;
            this.end = list.size();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            int read = list.read(ByteBuffer.wrap(bytes, offset, (int) Math.min(count, end - position)), position);
            position += read;
            return read == 0 ? -1 : read;
        }

        @Override
        public void close() throws IOException {
            list.close();
        }
    }

    /** What the next line says that is understood; null at the end. */
    private @Nullable Entry next(LineNumberReader lines) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Entry entry = parse(line);
            if (entry != null) {
                return entry;
            }
            if (!line.equals(PACKED)) {
                LOG.warn(
                        "{} has a line that is not understood: '{}' (expected: oid, tid, a place and a time)",
                        file,
                        line);
            }
        }
        return null;
    }

    private static @Nullable Entry parse(String line) {
        int ids = 2 * ID_DIGITS;
        // A time with fewer digits was cut short, and would be long past.
        int start = line.length() - TIME_DIGITS;
        if (start <= ids || line.charAt(ids) != ' ' || line.charAt(start - 1) != ' ') {
            return null;
        }
        String time = line.substring(start);
        if (!line.substring(0, ids).chars().allMatch(HexFormat::isHexDigit)
                || !time.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return null;
        }
        return new Entry(
                new BlobRevision(
                        HexFormat.fromHexDigitsToLong(line, 0, ID_DIGITS),
                        HexFormat.fromHexDigitsToLong(line, ID_DIGITS, ids)),
                start - 1 == ids ? "" : line.substring(ids + 1, start - 1),
                Instant.ofEpochSecond(Long.parseLong(time)));
    }

    /** Writes the list anew without some lines, which keeps what was added meanwhile. */
    private synchronized void forget(BitSet done) throws IOException {
        if (done.isEmpty()) {
            return;
        }
        int lastPack = lastPack();
        Path unfinished = file.resolveSibling(FILE + ".tmp");
        try (LineNumberReader lines = lines();
                DiskFile list = disk.open(unfinished, Disk.Mode.REPLACE)) {
            StringBuilder left = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int number = lines.getLineNumber();
                if (number == lastPack || (!done.get(number) && parse(line) != null)) {
                    left.append(line).append('\n');
                }
                if (left.length() >= WRITE_BYTES) {
                    write(left, list);
                }
            }
            write(left, list);
            list.force();
        }
        disk.move(unfinished, file);
        disk.forceDirectory(directory);
    }

    private static void write(StringBuilder text, DiskFile list) throws IOException {
        list.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)), list.size());
        text.setLength(0);
    }
}
