package io.zeolite.storage.index;

import io.zeolite.zodb.OidHash;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where the newest record of each object is: a map from oid (unsigned) to position (1 to 2<sup>48</sup> - 1).
 *
 * <p>Any thread may read at any time without locks, while one thread at a time writes. A reader that has seen, through
 * a volatile variable, something that the writer set after {@link #put}, sees that put as well.
 *
 * <p>The oids are divided into pages of 128, found through a hash table by the upper bits of the oid. Ids are dense in
 * practice, so nearly all pages are full and an object takes a little over 8 bytes. A page that holds few objects is
 * kept small (at most some 80 bytes an object), so ids that are strewn over all 64 bits are no problem either.
 *
 * <p>A page is a {@code long[]} whose element 0 is its number, the upper 57 bits of its oids. The others are, in a
 * <em>dense</em> page (129 elements), the positions of its 128 oids, 0 for none. In a <em>sparse</em> page, they are
 * entries in no order, 0 for free ones: the lower 7 bits of the oid above the 48 bits of the position.
 *
 * <p>Of an index that was read from a file, the {@link PackedBuckets} stay as they were read, until something is
 * written: then the page of it is made, and a bucket that has many such pages is taken apart.
 */
public final class PositionIndex {
    /** The first position that does not fit. */
    public static final long POSITION_LIMIT = 1L << 48;

    static final int PAGE_BITS = 7;
    static final int PAGE_SIZE = 1 << PAGE_BITS;
    private static final long LAST_PAGE = -1L >>> PAGE_BITS;
    /** How many pages of a packed bucket are made one by one. With more of them it would nearly be in memory twice. */
    private static final int MOST_COPIED_PAGES = 128;
    /** How many pages in a row are tried before all are looked at. */
    private static final int PROBES = 1024;

    /** How many lower bits the oids of a bucket of an index file differ in. */
    static final int BUCKET_BITS = 16;
    /** How many bits the numbers of its pages differ in. */
    static final int BUCKET_PAGE_BITS = BUCKET_BITS - PAGE_BITS;

    private static final int SLOT_MASK = PAGE_SIZE - 1;
    private static final int DENSE_LENGTH = 1 + PAGE_SIZE;
    private static final int[] SPARSE_CAPACITIES = {2, 4, 8, 16};
    private static final int MAX_SPARSE = 16;
    private static final int POSITION_BITS = 48;
    private static final long POSITION_MASK = POSITION_LIMIT - 1;
    private static final int INITIAL_TABLE_LENGTH = 1 << 6;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle PAGE = MethodHandles.arrayElementVarHandle(long[][].class);

    /** Open addressing with linear probing, at most half full, so that a search always ends. Never shrinks. */
    private volatile long[][] table = new long[INITIAL_TABLE_LENGTH][];

    private final PackedBuckets packed = new PackedBuckets();

    // The rest is the writer's.
    /** By the upper bits of the oids of packed buckets: how many of their pages have been made. */
    private final Map<Long, Integer> copiedPages = new HashMap<>();

    private long size;
    private long maxOid;
    private int pages;
    private long[] lastPage = {};

    /** Receives the entries of an index. */
    public interface Visitor<X extends Exception> {
        void visit(long oid, long position) throws X;
    }

    /** @return the position of the newest record of an object, 0 if it has none */
    public long get(long oid) {
        long[] page = page(table, oid >>> PAGE_BITS);
        if (page == null) {
            long position = packed.get(oid);
            if (position != 0) {
                return position;
            }
            // Its bucket may have been taken apart meanwhile.
            page = page(table, oid >>> PAGE_BITS);
            if (page == null) {
                return 0;
            }
        }
        int slot = (int) oid & SLOT_MASK;
        if (page.length == DENSE_LENGTH) {
            return (long) ELEMENT.getAcquire(page, 1 + slot);
        }
        int i = sparseElement(page, slot);
        return i == 0 ? 0 : (long) ELEMENT.getAcquire(page, i) & POSITION_MASK;
    }

    /**
     * The smallest oid from {@code oid} on, unsigned, that has a position; empty if there is none. Quick where ids are
     * dense; across a wide gap, all pages are looked at.
     */
    public OptionalLong nextFrom(long oid) {
        long first = oid >>> PAGE_BITS;
        long[] page = anyPage(first);
        int slot = page == null ? PAGE_SIZE : slotFrom(page, (int) oid & SLOT_MASK);
        for (long number = first + 1; slot == PAGE_SIZE && number - first <= PROBES && number <= LAST_PAGE; number++) {
            page = anyPage(number);
            slot = page == null ? PAGE_SIZE : slotFrom(page, 0);
        }
        if (slot == PAGE_SIZE) {
            page = lowestPageAfter(first + PROBES);
            slot = page == null ? PAGE_SIZE : slotFrom(page, 0);
        }
        return page == null || slot == PAGE_SIZE
                ? OptionalLong.empty()
                : OptionalLong.of((page[0] << PAGE_BITS) + slot);
    }

    /** A page of the table, or a copy of a packed one. */
    private long @Nullable [] anyPage(long number) {
        long[] page = page(table, number);
        if (page == null) {
            page = packed.copyPage(number);
        }
        if (page == null) {
            // Its bucket may have been taken apart meanwhile.
            page = page(table, number);
        }
        return page;
    }

    private long @Nullable [] lowestPageAfter(long number) {
        // In this order: what goes from the packed ones meanwhile is in the table by then.
        long fromPacked = packed.pageFrom(number + 1);
        long[] lowest = fromPacked < 0 ? null : anyPage(fromPacked);
        long[][] pages = table;
        for (int i = 0; i < pages.length; i++) {
            long[] page = (long[]) PAGE.getAcquire(pages, i);
            if (page != null
                    && page[0] > number
                    && (lowest == null || page[0] < lowest[0])
                    // One that has just been made may have nothing yet.
                    && slotFrom(page, 0) < PAGE_SIZE) {
                lowest = page;
            }
        }
        return lowest;
    }

    /** The first slot of a page, from one on, that has a position; {@link #PAGE_SIZE} if none has. */
    private static int slotFrom(long[] page, int first) {
        int lowest = PAGE_SIZE;
        if (page.length == DENSE_LENGTH) {
            lowest = first;
            while (lowest < PAGE_SIZE && (long) ELEMENT.getAcquire(page, 1 + lowest) == 0) {
                lowest++;
            }
            return lowest;
        }
        for (int i = 1; i < page.length; i++) {
            long entry = (long) ELEMENT.getAcquire(page, i);
            int slot = (int) (entry >>> POSITION_BITS);
            if (entry != 0 && slot >= first && slot < lowest) {
                lowest = slot;
            }
        }
        return lowest;
    }

    /** How many objects there are. For the writer. */
    public long size() {
        return size;
    }

    /** The largest oid; 0 if there is none. For the writer. */
    public long maxOid() {
        return maxOid;
    }

    /** Sets the position of an object's newest record. One thread at a time. */
    public void put(long oid, long position) {
        if (position <= 0 || position >= POSITION_LIMIT) {
            throw new IllegalArgumentException("position: " + position + " (expected: 1 to 2^48 - 1)");
        }
        long[] page = pageForWriting(oid >>> PAGE_BITS);
        boolean added = page.length == DENSE_LENGTH
                ? putDense(page, (int) oid & SLOT_MASK, position)
                : putSparse(page, (int) oid & SLOT_MASK, position);
        if (added) {
            noteOid(oid);
            size++;
        }
    }

    /**
     * Adds a bucket of an index file as it stands there. Before anybody reads, and before any of its oids is put.
     *
     * @param prefix the upper 48 bits of its oids, larger than that of those added before
     * @param bucket as {@link PackedBuckets#add} wants it
     * @param highest its last suffix
     */
    void addPacked(long prefix, byte[] bucket, int count, int highest) {
        packed.add(prefix, bucket);
        size += count;
        noteOid(prefix << BUCKET_BITS | highest);
    }

    /**
     * Sets the positions of many objects whose oids differ in the lower {@link #PAGE_BITS} bits only: what
     * {@link #put} of each would do, at a fraction of its cost where the page is new and well filled.
     *
     * @param oid one of them
     * @param positions by those bits, 0 for no object; checked by the caller, and its to use again
     */
    void putPage(long oid, long[] positions) {
        int count = 0;
        int highest = 0;
        for (int slot = 0; slot < PAGE_SIZE; slot++) {
            if (positions[slot] != 0) {
                count++;
                highest = slot;
            }
        }
        long number = oid >>> PAGE_BITS;
        if (count <= MAX_SPARSE || page(table, number) != null) {
            for (int slot = 0; slot < PAGE_SIZE; slot++) {
                if (positions[slot] != 0) {
                    put(number << PAGE_BITS | slot, positions[slot]);
                }
            }
            return;
        }
        long[] page = new long[DENSE_LENGTH];
        page[0] = number;
        System.arraycopy(positions, 0, page, 1, PAGE_SIZE);
        addPage(page);
        size += count;
        noteOid(number << PAGE_BITS | highest);
    }

    private void noteOid(long oid) {
        if (Long.compareUnsigned(oid, maxOid) > 0) {
            maxOid = oid;
        }
    }

    private static boolean putDense(long[] page, int slot, long position) {
        boolean added = page[1 + slot] == 0;
        ELEMENT.setRelease(page, 1 + slot, position);
        return added;
    }

    private boolean putSparse(long[] page, int slot, long position) {
        int i = sparseElement(page, slot);
        boolean added = i == 0;
        if (added) {
            i = 1;
            while (i < page.length && page[i] != 0) {
                i++;
            }
        }
        if (i < page.length) {
            ELEMENT.setRelease(page, i, (long) slot << POSITION_BITS | position);
        } else {
            long[] larger = enlarged(page);
            if (larger.length == DENSE_LENGTH) {
                putDense(larger, slot, position);
            } else {
                larger[i] = (long) slot << POSITION_BITS | position;
            }
            PAGE.setRelease(table, tableIndex(table, page[0]), larger);
            lastPage = larger;
        }
        return added;
    }

    /** A copy of a full sparse page with more room. */
    private static long[] enlarged(long[] page) {
        for (int capacity : SPARSE_CAPACITIES) {
            if (capacity > page.length - 1) {
                return Arrays.copyOf(page, 1 + capacity);
            }
        }
        long[] dense = new long[DENSE_LENGTH];
        dense[0] = page[0];
        for (int i = 1; i < page.length; i++) {
            dense[1 + (int) (page[i] >>> POSITION_BITS)] = page[i] & POSITION_MASK;
        }
        return dense;
    }

    /** @return the element of a slot in a sparse page; 0, which holds the number, if there is none */
    private static int sparseElement(long[] page, int slot) {
        for (int i = 1; i < page.length; i++) {
            long entry = (long) ELEMENT.getAcquire(page, i);
            if (entry == 0) {
                return 0;
            }
            if (entry >>> POSITION_BITS == slot) {
                return i;
            }
        }
        return 0;
    }

    private static long @Nullable [] page(long[][] table, long number) {
        return (long[]) PAGE.getAcquire(table, tableIndex(table, number));
    }

    /** @return where a page is in the table, or where it would be put */
    private static int tableIndex(long[][] table, long number) {
        int mask = table.length - 1;
        int i = (int) OidHash.of(number) & mask;
        while (true) {
            long[] page = (long[]) PAGE.getAcquire(table, i);
            if (page == null || page[0] == number) {
                return i;
            }
            i = (i + 1) & mask;
        }
    }

    private long[] pageForWriting(long number) {
        if (lastPage.length > 0 && lastPage[0] == number) {
            return lastPage;
        }
        long[] page = page(table, number);
        if (page == null) {
            page = packed.copyPage(number);
            if (page != null) {
                addPage(page);
                notePacked(number);
            } else {
                page = new long[1 + SPARSE_CAPACITIES[0]];
                page[0] = number;
                addPage(page);
            }
        }
        lastPage = page;
        return page;
    }

    /** Takes a packed bucket apart if too many of its pages have been made. */
    private void notePacked(long number) {
        long bucket = number >>> BUCKET_PAGE_BITS;
        if (copiedPages.merge(bucket, 1, Integer::sum) < MOST_COPIED_PAGES) {
            return;
        }
        copiedPages.remove(bucket);
        long first = bucket << BUCKET_PAGE_BITS;
        for (long other = first; other < first + (1 << BUCKET_PAGE_BITS); other++) {
            long[] page = page(table, other) == null ? packed.copyPage(other) : null;
            if (page != null) {
                addPage(page);
            }
        }
        packed.forget(number);
    }

    private void addPage(long[] page) {
        if (++pages > table.length / 2) {
            growTable();
        }
        PAGE.setRelease(table, tableIndex(table, page[0]), page);
    }

    private void growTable() {
        long[][] larger = new long[Math.multiplyExact(table.length, 2)][];
        for (long[] page : table) {
            if (page != null) {
                larger[tableIndex(larger, page[0])] = page;
            }
        }
        table = larger;
    }

    /**
     * Visits all entries in ascending order of the oids. For the writer.
     *
     * @param <X> what the visitor throws
     */
    public <X extends Exception> void forEach(Visitor<X> visitor) throws X {
        long fromPacked = packed.pageFrom(0);
        for (long[] page : sorted(table.clone())) {
            for (; fromPacked >= 0 && fromPacked <= page[0]; fromPacked = packed.pageFrom(fromPacked + 1)) {
                if (fromPacked < page[0]) {
                    visitPacked(fromPacked, visitor);
                }
            }
            visitPage(page, visitor);
        }
        for (; fromPacked >= 0; fromPacked = packed.pageFrom(fromPacked + 1)) {
            visitPacked(fromPacked, visitor);
        }
    }

    private <X extends Exception> void visitPacked(long number, Visitor<X> visitor) throws X {
        visitPage(Objects.requireNonNull(packed.copyPage(number), "page"), visitor);
    }

    private static <X extends Exception> void visitPage(long[] page, Visitor<X> visitor) throws X {
        long base = page[0] << PAGE_BITS;
        if (page.length == DENSE_LENGTH) {
            for (int slot = 0; slot < PAGE_SIZE; slot++) {
                long position = (long) ELEMENT.getAcquire(page, 1 + slot);
                if (position != 0) {
                    visitor.visit(base + slot, position);
                }
            }
            return;
        }
        long[] entries = new long[page.length];
        int count = 0;
        for (int i = 1; i < page.length; i++) {
            long entry = (long) ELEMENT.getAcquire(page, i);
            if (entry != 0) {
                entries[count++] = entry;
            }
        }
        // The slot is in the upper bits of an entry.
        Arrays.sort(entries, 0, count);
        for (int i = 0; i < count; i++) {
            visitor.visit(base + (entries[i] >>> POSITION_BITS), entries[i] & POSITION_MASK);
        }
    }

    private static long[][] sorted(long[][] table) {
        return Arrays.stream(table)
                .filter(Objects::nonNull)
                // Page numbers have 57 bits, so they are not negative.
                .sorted(Comparator.comparingLong(page -> page[0]))
                .toArray(long[][]::new);
    }
}
