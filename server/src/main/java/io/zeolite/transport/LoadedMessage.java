package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.zeolite.storage.RecordTarget;
import io.zeolite.wire.UsualLoad;
import java.nio.ByteBuffer;

/** The answer to a {@link UsualLoad}, whose record is read to where it leaves from. Event loop only. */
final class LoadedMessage implements RecordTarget {
    private final Outgoing outgoing;
    private final UsualLoad load;
    private final long oid;
    private final long before;
    private final int start;

    /** @param before the tid that the load asks with */
    LoadedMessage(Outgoing outgoing, UsualLoad load, long oid, long before) {
        this.outgoing = outgoing;
        this.load = load;
        this.oid = oid;
        this.before = before;
        this.start = outgoing.length();
    }

    /** Where the message begins. */
    int start() {
        return start;
    }

    @Override
    public ByteBuffer room(int length) {
        outgoing.truncate(start);
        ByteBuf out = outgoing.buffer(length);
        load.beginAnswer(oid, before, length, out);
        int data = out.writerIndex();
        out.writerIndex(data + length);
        return out.internalNioBuffer(data, length);
    }

    @Override
    public void loaded(long serial, long end) {
        load.endAnswer(start, serial, end, outgoing.buffer(0));
    }
}
