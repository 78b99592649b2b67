package io.zeolite.client;

import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.nio.ByteBuffer;

/** One revision of an object: its pickles, and the range of transactions in which it is the one to read. Immutable. */
public final class Revision {
    private final long oid;
    private final long serial;
    private final long end;
    private final byte[] data;

    Revision(long oid, long serial, long end, byte[] data) {
        this.oid = oid;
        this.serial = serial;
        this.end = end;
        this.data = data;
    }

    public long oid() {
        return oid;
    }

    /** The tid of the transaction that wrote it: what a store over it names as the revision that was read. */
    public long serial() {
        return serial;
    }

    /** The tid of the transaction that replaced it; {@link Tid#NONE} if it was current when it was loaded. */
    public long end() {
        return end;
    }

    /** Whether it was current when it was loaded. */
    public boolean isCurrent() {
        return end == Tid.NONE;
    }

    /** The record, two pickles, in an array of the caller's own. */
    public byte[] data() {
        return data.clone();
    }

    /** The record, without a copy. */
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(data).asReadOnlyBuffer();
    }

    /** In bytes. */
    public int size() {
        return data.length;
    }

    /** The very array, for those who do not change it. */
    byte[] shared() {
        return data;
    }

    @Override
    public String toString() {
        return "object " + Oid.toString(oid) + ", serial " + Tid.toString(serial) + ", " + data.length + " bytes";
    }
}
