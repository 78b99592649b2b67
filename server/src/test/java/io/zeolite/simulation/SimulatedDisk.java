package io.zeolite.simulation;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.NoSpaceException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that keeps its promises and no more: what was not forced may be lost, in part or as a whole, when the
 * machine crashes.
 *
 * <p>Names and contents are separate, as they are in reality: {@link FileContent} says what becomes of bytes; a name that
 * was created, moved or deleted survives a crash for sure only after its directory was forced. Before each operation
 * others may run ({@code preemption}), which is how work on different threads is interleaved.
 */
final class SimulatedDisk implements Disk {
    private final RandomGenerator random;
    private final Trace trace;
    private final Runnable preemption;
    private final int sectorBytes;
    final DiskFaults faults;

    private final Set<Path> directories = new HashSet<>();
    private final Map<Path, FileContent> names;
    private final Map<Path, FileContent> durableNames;
    private final List<NameChange> unsyncedChanges = new ArrayList<>();
    private final Set<Path> locks = new HashSet<>();
    /** Files that go with the process. */
    private final Set<Path> unnamed = new HashSet<>();

    private long capacityBytes = Long.MAX_VALUE;

    /** The process that uses the disk; handles of earlier ones are dead. */
    private int process = 1;

    private boolean crashed;
    private boolean observing;

    /** Names that now stand for something else: for nothing if {@code content} is null. */
    private record NameChange(
            Path name,
            @Nullable FileContent content,
            @Nullable Path removed) {
        boolean isIn(Path directory) {
            return directory.equals(name.getParent());
        }

        void apply(Map<Path, FileContent> names) {
            if (removed != null) {
                names.remove(removed);
            }
            if (content == null) {
                names.remove(name);
            } else {
                names.put(name, content);
            }
        }
    }

    SimulatedDisk(RandomGenerator random, Trace trace, int sectorBytes, Runnable preemption) {
        this(random, trace, sectorBytes, preemption, new TreeMap<>(), new TreeMap<>());
    }

    private SimulatedDisk(
            RandomGenerator random,
            Trace trace,
            int sectorBytes,
            Runnable preemption,
            Map<Path, FileContent> names,
            Map<Path, FileContent> durableNames) {
        this.random = random;
        this.trace = trace;
        this.sectorBytes = sectorBytes;
        this.preemption = preemption;
        this.names = names;
        this.durableNames = durableNames;
        this.faults = new DiskFaults(random);
    }

    /** The same disk once more, for looking at what a crash would leave now. Nothing is open on it. */
    SimulatedDisk copy(RandomGenerator random) {
        Map<FileContent, FileContent> copies = new HashMap<>();
        Map<Path, FileContent> namesCopy = new TreeMap<>();
        names.forEach((path, content) -> namesCopy.put(path, copies.computeIfAbsent(content, FileContent::copy)));
        Map<Path, FileContent> durableCopy = new TreeMap<>();
        durableNames.forEach(
                (path, content) -> durableCopy.put(path, copies.computeIfAbsent(content, FileContent::copy)));
        SimulatedDisk copy = new SimulatedDisk(random, Trace.none(), sectorBytes, () -> {}, namesCopy, durableCopy);
        copy.directories.addAll(directories);
        for (NameChange change : unsyncedChanges) {
            FileContent content =
                    change.content == null ? null : copies.computeIfAbsent(change.content, FileContent::copy);
            copy.unsyncedChanges.add(new NameChange(change.name, content, change.removed));
        }
        return copy;
    }

    // What happens to the disk from outside

    void setCapacity(long bytes) {
        capacityBytes = bytes;
    }

    long usedBytes() {
        return names.values().stream().mapToLong(FileContent::allocatedBytes).sum();
    }

    /** The process ends, the machine goes on: all that was written is there. */
    void endProcess() {
        names.values().forEach(content -> content.endProcess(random));
        newProcess();
    }

    /** The machine goes down and comes up again. */
    void crash() {
        boolean inOrder = random.nextBoolean();
        int keep = inOrder ? random.nextInt(unsyncedChanges.size() + 1) : 0;
        for (int i = 0; i < unsyncedChanges.size(); i++) {
            if (inOrder ? i < keep : random.nextBoolean()) {
                unsyncedChanges.get(i).apply(durableNames);
            }
        }
        unsyncedChanges.clear();
        names.clear();
        names.putAll(durableNames);
        Set<FileContent> done = new HashSet<>();
        for (FileContent content : names.values()) {
            if (done.add(content)) {
                content.crash(random);
            }
        }
        newProcess();
    }

    private void newProcess() {
        names.keySet().removeAll(unnamed);
        unnamed.clear();
        process++;
        locks.clear();
        crashed = false;
    }

    /** What programs see of a file, which is there. */
    byte[] contentOf(Path path) {
        FileContent content = names.get(path);
        if (content == null) {
            throw new AssertionError(path + " is not there");
        }
        return content.bytes();
    }

    /** Runs something that is not part of the simulation: nothing goes wrong in it and nothing happens meanwhile. */
    void observe(Runnable observer) {
        boolean outer = observing;
        observing = true;
        try {
            observer.run();
        } finally {
            observing = outer;
        }
    }

    /** A new file that has no name; what it is called here is for the trace. */
    DiskFile openUnnamed(Path path) throws IOException {
        unnamed.add(path);
        return perform("open unnamed", path, () -> {
            FileContent content = new FileContent(sectorBytes);
            names.put(path, content);
            return new OpenFile(path, content, process);
        });
    }

    void discardUnnamed(Path path) {
        names.remove(path);
        unnamed.remove(path);
    }

    // Operations

    /** What an operation does. */
    private interface Action<T> {
        T run() throws IOException;
    }

    private <T> T perform(String operation, Path path, Action<T> action) throws IOException {
        return perform(operation, path, action, () -> {});
    }

    /** @param half what an operation has done when the process ends in the midst of it */
    private <T> T perform(String operation, Path path, Action<T> action, Runnable half) throws IOException {
        checkAlive(process);
        if (observing) {
            return action.run();
        }
        preemption.run();
        trace.add(operation, path.getFileName().toString());
        if (random.nextInt(100) < faults.writeBackPercent) {
            names.values().forEach(content -> content.writeBack(random));
        }
        if (!faults.crashesNow()) {
            return action.run();
        }
        DiskFaults.Moment moment = faults.moment();
        trace.add("crash", moment.name());
        if (moment == DiskFaults.Moment.WITHIN) {
            half.run();
        } else if (moment == DiskFaults.Moment.AFTER) {
            action.run();
        }
        crashed = true;
        throw new SimulatedCrash();
    }

    /** Whether the process has ended with it, and its successor has not begun. */
    boolean hasCrashed() {
        return crashed;
    }

    private void checkAlive(int user) {
        if (crashed || user != process) {
            throw new SimulatedCrash();
        }
    }

    private void change(NameChange change) {
        change.apply(names);
        unsyncedChanges.add(change);
    }

    @Override
    public DiskFile open(Path path, Mode mode) throws IOException {
        return perform("open", path, () -> {
            FileContent content = names.get(path);
            if (content == null) {
                if (mode == Mode.READ || !directories.contains(path.getParent())) {
                    throw new NoSuchFileException(path.toString());
                }
                content = new FileContent(sectorBytes);
                change(new NameChange(path, content, null));
            } else if (mode == Mode.REPLACE) {
                content.truncate(0);
            }
            return new OpenFile(path, content, process);
        });
    }

    @Override
    public boolean exists(Path path) {
        checkAlive(process);
        return names.containsKey(path) || directories.contains(path);
    }

    void createDirectories(Path directory) {
        checkAlive(process);
        for (Path path = directory; path != null; path = path.getParent()) {
            directories.add(path);
        }
    }

    @Override
    public void move(Path from, Path to) throws IOException {
        perform("move", from, () -> {
            FileContent content = existing(from);
            change(new NameChange(to, content, from));
            return content;
        });
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
        perform("link", existing, () -> {
            if (names.containsKey(name)) {
                throw new FileAlreadyExistsException(name.toString());
            }
            FileContent content = existing(existing);
            change(new NameChange(name, content, null));
            return content;
        });
    }

    @Override
    public boolean isSameFile(Path one, Path other) throws IOException {
        checkAlive(process);
        return existing(one) == existing(other);
    }

    @Override
    public void delete(Path path) throws IOException {
        perform("delete", path, () -> {
            if (names.containsKey(path)) {
                change(new NameChange(path, null, null));
            }
            return path;
        });
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        perform("force directory", directory, () -> {
            if (faults.happens(faults.failingForces)) {
                throw new IOException("simulated failure of fsync: " + directory);
            }
            unsyncedChanges.stream()
                    .filter(change -> change.isIn(directory))
                    .forEach(change -> change.apply(durableNames));
            unsyncedChanges.removeIf(change -> change.isIn(directory));
            return directory;
        });
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        return perform("lock", path, () -> {
            if (!locks.add(path)) {
                throw new LockedException(path, String.valueOf(process));
            }
            if (!names.containsKey(path)) {
                change(new NameChange(path, new FileContent(sectorBytes), null));
            }
            int holder = process;
            return () -> {
                if (holder == process) {
                    locks.remove(path);
                }
            };
        });
    }

    private FileContent existing(Path path) throws NoSuchFileException {
        FileContent content = names.get(path);
        if (content == null) {
            throw new NoSuchFileException(path.toString());
        }
        return content;
    }

    private final class OpenFile implements DiskFile {
        private Path path;
        private final FileContent content;
        private final int user;
        private boolean closed;

        OpenFile(Path path, FileContent content, int user) {
            this.path = path;
            this.content = content;
            this.user = user;
        }

        private void checkOpen() throws IOException {
            checkAlive(user);
            if (closed) {
                throw new ClosedChannelException();
            }
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public void moved(Path newPath) {
            path = newPath;
        }

        @Override
        public long size() throws IOException {
            checkOpen();
            return content.length();
        }

        @Override
        public int read(ByteBuffer buffer, long position) throws IOException {
            checkOpen();
            return perform("read", path, () -> {
                checkOpen();
                if (!observing && faults.happens(faults.failingReads)) {
                    throw new IOException("simulated read error: " + path + " at " + position);
                }
                return content.read(buffer, position);
            });
        }

        @Override
        public void write(ByteBuffer buffer, long position) throws IOException {
            checkOpen();
            perform(
                    "write",
                    path,
                    () -> {
                        checkOpen();
                        if (faults.happens(faults.failingWrites)) {
                            writeHalf(buffer, position);
                            throw new IOException("simulated write error: " + path + " at " + position);
                        }
                        long growth = position + buffer.remaining() - content.allocatedBytes();
                        if (growth > 0 && growth > capacityBytes - usedBytes()) {
                            throw new IOException("No space left on device");
                        }
                        trace.add("written", position, (long) buffer.remaining());
                        content.write(buffer, position);
                        return path;
                    },
                    () -> writeHalf(buffer, position));
        }

        private void writeHalf(ByteBuffer buffer, long position) {
            ByteBuffer half = buffer.slice();
            half.limit(random.nextInt(half.remaining() + 1));
            content.write(half, position);
        }

        @Override
        public void truncate(long size) throws IOException {
            checkOpen();
            perform("truncate", path, () -> {
                checkOpen();
                if (faults.happens(faults.failingWrites)) {
                    throw new IOException("simulated truncate error: " + path);
                }
                trace.add("truncated", size);
                content.truncate(size);
                return path;
            });
        }

        @Override
        public void force() throws IOException {
            checkOpen();
            perform(
                    "force",
                    path,
                    () -> {
                        checkOpen();
                        if (faults.happens(faults.failingForces)) {
                            content.failForce(random);
                            throw new IOException("simulated failure of fsync: " + path);
                        }
                        content.force();
                        return path;
                    },
                    () -> content.writeBack(random));
        }

        @Override
        public void reserve(long end) throws IOException {
            checkOpen();
            perform("reserve", path, () -> {
                checkOpen();
                long growth = end - content.allocatedBytes();
                long available = capacityBytes - usedBytes();
                if (growth > 0 && growth > available) {
                    throw new NoSpaceException(path, growth, available);
                }
                content.reserve(end);
                return path;
            });
        }

        @Override
        public boolean writesWhole(int bytes) {
            return sectorBytes >= bytes;
        }

        @Override
        public void releaseRoom() throws IOException {
            checkOpen();
            perform("release room", path, () -> {
                content.releaseRoom();
                return path;
            });
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
