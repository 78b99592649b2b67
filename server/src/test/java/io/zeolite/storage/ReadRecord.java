package io.zeolite.storage;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Takes a record as the message of a connection does. */
final class ReadRecord implements RecordTarget {
    private ByteBuffer room = ByteBuffer.allocateDirect(0);
    private LoadResult.@Nullable Loaded loaded;

    @Override
    public ByteBuffer room(int length) {
        // As in a message, there is something before the room and behind it.
        room = ByteBuffer.allocateDirect(length + 2).position(1).limit(1 + length);
        return room.duplicate();
    }

    @Override
    public void loaded(long serial, long end) {
        byte[] data = new byte[room.remaining()];
        room.get(data);
        loaded = new LoadResult.Loaded(data, serial, end);
    }

    /** The revision; null if there was none. */
    LoadResult.@Nullable Loaded loaded() {
        return loaded;
    }
}
