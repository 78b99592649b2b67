package io.zeolite.simulation;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * The bytes of a simulated file, twice: as programs see them and as they are on the disk.
 *
 * <p>A write changes what is seen and makes its sectors dirty. A dirty sector reaches the disk when the file is forced,
 * or earlier if the system feels like it ({@link #writeBack}), or never, if the machine crashes first. A force that fails
 * leaves some sectors looking clean though the disk lacks them, as Linux does. The sectors may be smaller than those of a disk, so
 * that small files are torn too.
 */
final class FileContent {
    /** The smallest sector of any disk. */
    private static final int MIN_WRITTEN_BYTES = 512;

    private final int sectorBytes;
    private byte[] seen = {};
    private int seenLength;
    private byte[] durable = {};
    private int durableLength;
    private final BitSet dirty = new BitSet();
    /** Sectors that a failed force forgot: clean, though the disk has something else. */
    private final BitSet forgotten = new BitSet();
    /** The shortest that the file was since it was last forced; what a crash may cut it to. */
    private int shortestLength;

    private long reservedEnd;

    FileContent(int sectorBytes) {
        this.sectorBytes = sectorBytes;
    }

    FileContent copy() {
        FileContent copy = new FileContent(sectorBytes);
        copy.seen = seen.clone();
        copy.seenLength = seenLength;
        copy.durable = durable.clone();
        copy.durableLength = durableLength;
        copy.dirty.or(dirty);
        copy.forgotten.or(forgotten);
        copy.shortestLength = shortestLength;
        copy.reservedEnd = reservedEnd;
        return copy;
    }

    int length() {
        return seenLength;
    }

    byte[] bytes() {
        return Arrays.copyOf(seen, seenLength);
    }

    /** The room that the file takes on the disk. */
    long allocatedBytes() {
        return Math.max(seenLength, reservedEnd);
    }

    void reserve(long end) {
        reservedEnd = Math.max(reservedEnd, end);
    }

    void releaseRoom() {
        reservedEnd = seenLength;
    }

    int read(ByteBuffer buffer, long position) {
        if (position >= seenLength) {
            return 0;
        }
        int count = (int) Math.min(buffer.remaining(), seenLength - position);
        buffer.put(seen, (int) position, count);
        return count;
    }

    void write(ByteBuffer buffer, long position) {
        int start = Math.toIntExact(position);
        int end = start + buffer.remaining();
        if (end == start) {
            return;
        }
        seen = room(seen, end);
        // A gap that the write leaves behind the old end reads as zeros, which are as unsynced as the rest.
        markDirty(Math.min(start, seenLength), end);
        buffer.get(seen, start, end - start);
        seenLength = Math.max(seenLength, end);
    }

    /** Also gives back what was reserved beyond the new length, as {@code ftruncate} does. */
    void truncate(long size) {
        int length = Math.toIntExact(size);
        if (length < seenLength) {
            Arrays.fill(seen, length, seenLength, (byte) 0);
            markDirty(length, seenLength);
        } else if (length > seenLength) {
            seen = room(seen, length);
            markDirty(seenLength, length);
        }
        seenLength = length;
        shortestLength = Math.min(shortestLength, length);
        reservedEnd = length;
    }

    void force() {
        dirty.stream().forEach(this::persist);
        dirty.clear();
        setDurableLength(seenLength);
        shortestLength = seenLength;
    }

    /** A force that fails: of what was unsynced, some is on the disk, some is forgotten and some may come later. */
    void failForce(RandomGenerator random) {
        for (int sector = dirty.nextSetBit(0); sector >= 0; sector = dirty.nextSetBit(sector + 1)) {
            int fate = random.nextInt(3);
            if (fate == 0) {
                persist(sector);
                dirty.clear(sector);
            } else if (fate == 1) {
                forgotten.set(sector);
                dirty.clear(sector);
            }
        }
    }

    /** The system writes some dirty sectors to the disk on its own account. */
    void writeBack(RandomGenerator random) {
        for (int sector = dirty.nextSetBit(0); sector >= 0; sector = dirty.nextSetBit(sector + 1)) {
            if (random.nextBoolean()) {
                persist(sector);
                dirty.clear(sector);
            }
        }
    }

    /** The process is gone, the system is not. What it forgot it shows until it reads it from the disk again. */
    void endProcess(RandomGenerator random) {
        reservedEnd = seenLength;
        if (random.nextBoolean()) {
            forgotten.stream().forEach(sector -> {
                int start = start(sector);
                int end = end(sector, seenLength);
                if (start < end) {
                    System.arraycopy(room(durable, end), start, seen, start, end - start);
                }
            });
            forgotten.clear();
        }
    }

    /** The machine is gone: each dirty sector is on the disk or is not, and the length is anything on the way. */
    void crash(RandomGenerator random) {
        int keepPercent = new int[] {0, 10, 50, 90, 100}[random.nextInt(5)];
        int length = lengthAfterCrash(random);
        durable = room(durable, Math.max(length, seenLength));
        for (int sector = dirty.nextSetBit(0); sector >= 0; sector = dirty.nextSetBit(sector + 1)) {
            int start = start(sector);
            if (random.nextInt(100) < keepPercent) {
                int end = end(sector, seenLength);
                if (start < end) {
                    System.arraycopy(seen, start, durable, start, end - start);
                }
            } else if (random.nextBoolean()) {
                // What was cut off before may have been, on the disk too.
                int from = Math.max(start, shortestLength);
                int end = end(sector, durable.length);
                if (from < end) {
                    Arrays.fill(durable, from, end, (byte) 0);
                }
            }
        }
        durableLength = length;
        Arrays.fill(durable, length, durable.length, (byte) 0);
        seen = durable.clone();
        seenLength = length;
        shortestLength = length;
        reservedEnd = length;
        dirty.clear();
        forgotten.clear();
    }

    private int lengthAfterCrash(RandomGenerator random) {
        int shortest = Math.min(shortestLength, durableLength);
        int longest = Math.max(seenLength, durableLength);
        return switch (random.nextInt(4)) {
            case 0 -> durableLength;
            case 1 -> seenLength;
            case 2 -> shortest;
            default -> shortest + random.nextInt(longest - shortest + 1);
        };
    }

    private void persist(int sector) {
        int end = end(sector, seenLength);
        if (start(sector) < end) {
            durable = room(durable, end);
            System.arraycopy(seen, start(sector), durable, start(sector), end - start(sector));
            durableLength = Math.max(durableLength, end);
        }
    }

    private void setDurableLength(int length) {
        durable = room(durable, length);
        Arrays.fill(durable, length, durable.length, (byte) 0);
        durableLength = length;
    }

    /** What shares a sector of the disk with a byte that is written is written with it, though a crash may tear it. */
    private void markDirty(int from, int to) {
        int written = Math.max(sectorBytes, MIN_WRITTEN_BYTES);
        int first = from / written * written / sectorBytes;
        int end = ((to - 1) / written + 1) * written / sectorBytes;
        dirty.set(first, end);
        forgotten.clear(first, end);
    }

    private int start(int sector) {
        return sector * sectorBytes;
    }

    private int end(int sector, int limit) {
        return Math.max(start(sector), Math.min(start(sector) + sectorBytes, limit));
    }

    /** The array, or a longer copy of it, with room for {@code length} bytes. */
    private static byte[] room(byte[] bytes, int length) {
        return bytes.length >= length ? bytes : Arrays.copyOf(bytes, Math.max(length, bytes.length * 2));
    }
}
