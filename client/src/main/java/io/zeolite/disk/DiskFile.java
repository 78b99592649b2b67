package io.zeolite.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** An open file. Reads may run at any time from any thread; only one thread at a time writes. */
public interface DiskFile extends Closeable {
    Path path();

    /** Takes note of the name that the open file has been given by {@link Disk#move}. */
    void moved(Path path);

    /**
     * Keeps others who do the same from the file until it is closed, by whatever name they have opened it: a hard link, or
     * a place where it is mounted by itself. Does nothing where the file system has no such locks.
     *
     * @throws LockedException if somebody else has it
     */
    default void lock() throws LockedException {}

    /** Whether the open file still is what is found by its name: it may have been deleted, or replaced by a copy. */
    default boolean hasItsName() throws IOException {
        return true;
    }

    /** The length of the file in bytes. */
    long size() throws IOException;

    /**
     * Reads at a position until the buffer is full or the file ends.
     *
     * @return the number of bytes read, less than what the buffer had room for only at the end of the file; 0 beyond it
     * @throws UnreadableException if the disk cannot read all of it; what comes before is in the buffer
     */
    int read(ByteBuffer buffer, long position) throws IOException;

    /**
     * Lets {@link #readMapped} use memory that is mapped to the file, where the system is made for that. The process
     * then seems to use as much memory as it has read, though it is the page cache of the system. For the thread that
     * writes, before others read.
     */
    default void mapReads() throws IOException {}

    /** Like {@link #read}, for a short piece that may soon be wanted again. */
    default int readMapped(ByteBuffer buffer, long position) throws IOException {
        return read(buffer, position);
    }

    /** Writes all of the buffer at a position. On disk after the next {@link #force}, in no particular order before. */
    void write(ByteBuffer buffer, long position) throws IOException;

    void truncate(long size) throws IOException;

    /**
     * When it returns, everything written before, and the length, survive a crash of the machine.
     *
     * @throws IOException if the system could not do it; what was written since the last force is then unknown
     */
    void force() throws IOException;

    /**
     * Makes room on the disk for the file to grow to {@code end} bytes, without changing its length.
     *
     * @throws NoSpaceException if there is not that much room
     */
    void reserve(long end) throws IOException;

    /**
     * Whether, in room that was {@linkplain #reserve reserved}, each aligned block of {@code bytes} is written as a whole: after a crash of
     * the machine all of it is as it was before a write, or as it is after it, where what was never written is zeros. False if that is
     * unknown.
     */
    boolean writesWhole(int bytes);

    /** Gives back what room the file has on the disk beyond its length; a file keeps that over its closing. */
    void releaseRoom() throws IOException;
}
