package io.zeolite.storage.file;

/**
 * The layout of {@code Data.fs}, by the names of ZODB's {@code FileStorage/format.py}. All numbers are big-endian and
 * unsigned.
 *
 * <pre>
 * file:         magic, then transactions
 * transaction:  tid 8 | tlen 8 | status 1 | ulen 2 | dlen 2 | elen 2 | user | description | extension | records | tlen 8
 * record:       oid 8 | tid 8 | prev 8 | tloc 8 | 0 2 | plen 8 | data, or if plen is 0: back pointer 8
 * </pre>
 *
 * <p>{@code tlen} is the length of the transaction without the {@code tlen} at its end. {@code prev} is the position of
 * the object's record that was current before, 0 if there was none; {@code tloc} that of the transaction. A back pointer
 * is the position of an older record of the object that has the same data; 0 says that the object does not exist any
 * more.
 */
public final class FileFormat {
    /** {@code FS30}. */
    static final int MAGIC = 0x46533330;
    /** {@code FS21}: a database of Python 2. */
    static final int PYTHON_2_MAGIC = 0x46533231;

    /** Where the first transaction starts. */
    public static final long FIRST_TRANSACTION = 4;

    static final int TRANSACTION_HEADER_LENGTH = 23;
    static final int LENGTH_OFFSET = 8;
    public static final int STATUS_OFFSET = 16;
    static final int ULEN_OFFSET = 17;
    static final int DLEN_OFFSET = 19;
    static final int ELEN_OFFSET = 21;
    /** The {@code tlen} at the end of a transaction. */
    static final int TRAILER_LENGTH = 8;

    public static final int DATA_HEADER_LENGTH = 42;
    public static final int TID_OFFSET = 8;
    public static final int PREV_OFFSET = 16;
    static final int TLOC_OFFSET = 24;
    static final int VERSION_LENGTH_OFFSET = 32;
    static final int PLEN_OFFSET = 34;
    static final int BACK_POINTER_LENGTH = 8;

    /** Committed. */
    public static final byte COMMITTED = ' ';
    /** Committed, and rewritten by a pack. */
    public static final byte PACKED = 'p';
    /** Undone by an old version of ZODB: as if it were not there. */
    public static final byte UNDONE = 'u';
    /** Written and not committed: the file ends before it. */
    static final byte UNFINISHED = 'c';

    /** An index holds positions of 48 bits, so no record may start here or later. */
    static final long POSITION_LIMIT = 1L << 48;

    private FileFormat() {}

    /** Whether a status says that the transaction was once committed. */
    public static boolean isCommitted(byte status) {
        return status == COMMITTED || status == PACKED || status == UNDONE;
    }
}
