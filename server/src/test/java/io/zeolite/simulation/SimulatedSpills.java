package io.zeolite.simulation;

import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.commit.staging.StagingFile;
import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The files that large transactions spill to, on the simulated disk, where writing and reading them can fail. */
final class SimulatedSpills implements SpillFiles {
    private final SimulatedDisk disk;
    private final Path directory;
    private int count;

    SimulatedSpills(SimulatedDisk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    @Override
    public StagingFile create() throws IOException {
        Path path = directory.resolve("spill-" + count++ + ".tmp");
        return new Spill(path, disk.open(path, Disk.Mode.REPLACE));
    }

    private final class Spill implements StagingFile {
        private final Path path;
        private final DiskFile file;

        Spill(Path path, DiskFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            file.write(bytes, file.size());
        }

        @Override
        public int read(ByteBuffer buffer, long position) throws IOException {
            return file.read(buffer, position);
        }

        @Override
        public void force() throws IOException {
            file.force();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }

        @Override
        public void discard() throws IOException {
            file.close();
            disk.delete(path);
        }
    }
}
