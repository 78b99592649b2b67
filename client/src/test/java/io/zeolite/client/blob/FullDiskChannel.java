package io.zeolite.client.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.BooleanSupplier;

/** A file on a disk that is full for as long as a test says. What is written beyond its end is counted only. */
final class FullDiskChannel extends FileChannel {
    private final BooleanSupplier full;
    private long position;
    private long size;

    FullDiskChannel(BooleanSupplier full) {
        this.full = full;
    }

    private int take(ByteBuffer buffer, long at) throws IOException {
        if (full.getAsBoolean()) {
            throw new IOException("No space left on device");
        }
        int count = buffer.remaining();
        buffer.position(buffer.limit());
        size = Math.max(size, at + count);
        return count;
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
        int count = take(buffer, position);
        position += count;
        return count;
    }

    @Override
    public long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
        // One at a time, as a disk may.
        for (int i = offset; i < offset + length; i++) {
            if (buffers[i].hasRemaining()) {
                return write(buffers[i]);
            }
        }
        return 0;
    }

    @Override
    public int write(ByteBuffer buffer, long at) throws IOException {
        return take(buffer, at);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public FileChannel position(long newPosition) {
        position = newPosition;
        return this;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    protected void implCloseChannel() {
        // There is no file.
    }

    @Override
    public int read(ByteBuffer buffer) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] buffers, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int read(ByteBuffer buffer, long at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel truncate(long newSize) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void force(boolean metaData) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long at, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long at, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long at, long length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long at, long length, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long at, long length, boolean shared) {
        throw new UnsupportedOperationException();
    }
}
