package io.zeolite.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A real disk on which one operation that changes something fails, or all from a certain one on, as if the process had
 * been killed then; or one with a bad sector. A write that fails has written half of its bytes. Forces are counted, and otherwise left out, so
 * that tests are quick.
 */
public final class FaultyDisk implements Disk {
    private final Disk disk = new RealDisk();
    private final List<Closeable> locks = new ArrayList<>();
    private long firstFault = Long.MAX_VALUE;
    private boolean onlyOne;
    private boolean lateMoves;
    private boolean hasLinks = true;
    private boolean writesWhole;
    private @Nullable Path spoiled;
    private long spoiledStart;
    private long spoiledEnd;
    private int operations;
    private int forces;

    /** Lets one operation fail. The next one is number 0. */
    public void failOnce(int operation) {
        failFrom(operation);
        onlyOne = true;
    }

    /** Lets an operation and all after it fail. The next one is number 0. */
    public void failFrom(int operation) {
        firstFault = operations + (long) operation;
        onlyOne = false;
    }

    /** Lets a move that fails take place all the same. */
    public void moveBeforeFailing() {
        lateMoves = true;
    }

    /** Makes it one whose files cannot have second names. */
    public void refuseLinks() {
        hasLinks = false;
    }

    /** Makes it one that writes blocks as wholes. */
    public void writeWhole() {
        writesWhole = true;
    }

    /** Lets all reads of a part of a file fail; what comes before it in the same read is read. */
    public void spoil(Path path, long start, long end) {
        spoiled = path;
        spoiledStart = start;
        spoiledEnd = end;
    }

    /** Lets nothing fail any more. */
    public void repair() {
        firstFault = Long.MAX_VALUE;
        spoiled = null;
    }

    /** How many operations there have been, failed ones included. */
    public int operations() {
        return operations;
    }

    public int forces() {
        return forces;
    }

    /** Releases all locks, as the end of a process does. */
    public void releaseLocks() throws IOException {
        for (Closeable lock : locks) {
            lock.close();
        }
    }

    private boolean nextFails() {
        long operation = operations++;
        return onlyOne ? operation == firstFault : operation >= firstFault;
    }

    private void operate(String what) throws IOException {
        if (nextFails()) {
            throw new IOException("injected: " + what);
        }
    }

    @Override
    public DiskFile open(Path path, Mode mode) throws IOException {
        if (mode != Mode.READ) {
            operate("open");
        }
        return new FaultyFile(disk.open(path, mode));
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return disk.exists(path);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
        boolean isFailing = nextFails();
        if (!isFailing || lateMoves) {
            disk.move(from, to);
        }
        if (isFailing) {
            throw new IOException("injected: move");
        }
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
        operate("link");
        if (!hasLinks) {
            throw new FileSystemException(name.toString(), existing.toString(), "Operation not permitted");
        }
        disk.link(existing, name);
    }

    @Override
    public boolean isSameFile(Path one, Path other) throws IOException {
        return disk.isSameFile(one, other);
    }

    @Override
    public void delete(Path path) throws IOException {
        operate("delete");
        disk.delete(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        operate("force directory");
        forces++;
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        Closeable lock = disk.lock(path);
        locks.add(lock);
        return lock;
    }

    private final class FaultyFile implements DiskFile {
        private final DiskFile file;

        FaultyFile(DiskFile file) {
            this.file = file;
        }

        @Override
        public Path path() {
            return file.path();
        }

        @Override
        public void moved(Path path) {
            file.moved(path);
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public int read(ByteBuffer buffer, long position) throws IOException {
            int length = buffer.remaining();
            if (!path().equals(spoiled) || position >= spoiledEnd || position + length <= spoiledStart) {
                return file.read(buffer, position);
            }
            int good = (int) Math.max(0, spoiledStart - position);
            file.read(buffer.slice(buffer.position(), good), position);
            buffer.position(buffer.position() + good);
            throw new UnreadableException(
                    path(), position + good, length - good, new IOException("injected: bad sector"));
        }

        @Override
        public void write(ByteBuffer buffer, long position) throws IOException {
            if (nextFails()) {
                file.write(buffer.slice(buffer.position(), buffer.remaining() / 2), position);
                throw new IOException("injected: write");
            }
            file.write(buffer, position);
        }

        @Override
        public void truncate(long size) throws IOException {
            operate("truncate");
            file.truncate(size);
        }

        @Override
        public void force() throws IOException {
            operate("force");
            forces++;
        }

        @Override
        public void reserve(long end) throws IOException {
            operate("reserve");
            file.reserve(end);
        }

        @Override
        public boolean writesWhole(int bytes) {
            return writesWhole;
        }

        @Override
        public void releaseRoom() throws IOException {
            file.releaseRoom();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
