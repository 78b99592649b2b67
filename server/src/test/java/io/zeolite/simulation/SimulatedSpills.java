package io.zeolite.simulation;

import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.commit.staging.StagingFile;
import io.zeolite.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The files that large transactions spill to, on the simulated disk, where writing and reading them can fail. */
final class SimulatedSpills implements SpillFiles {
    private final SimulatedDisk disk;
    private int count;

    SimulatedSpills(SimulatedDisk disk) {
        this.disk = disk;
    }

    @Override
    public StagingFile create() throws IOException {
        Path path = Path.of("spill-" + count++);
        return new Spill(path, disk.openUnnamed(path));
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
        public void append(ByteBuffer... pieces) throws IOException {
            for (ByteBuffer bytes : pieces) {
                file.write(bytes, file.size());
            }
        }

        @Override
        public int read(ByteBuffer buffer, long position) throws IOException {
            return file.read(buffer, position);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }

        @Override
        public void discard() throws IOException {
            file.close();
            disk.discardUnnamed(path);
        }
    }
}
