package io.zeolite.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.RealDisk;
import io.zeolite.storage.index.PositionIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationTest {
    private DiskFile file;
    private Generation generation;

    @BeforeEach
    void open(@TempDir Path directory) throws IOException {
        file = new RealDisk().open(directory.resolve("Data.fs"), Disk.Mode.REPLACE);
        generation = new Generation(file, new PositionIndex(), 0, 4);
    }

    @Test
    void release_notRetained_closesFile() throws IOException {
        generation.release();

        assertThatThrownBy(() -> file.read(ByteBuffer.allocate(1), 0)).isInstanceOf(ClosedChannelException.class);
        assertThat(generation.retain()).isFalse();
    }

    @Test
    void release_retained_keepsFileOpenToTheEnd() throws IOException {
        assertThat(generation.retain()).isTrue();
        generation.release();
        assertThat(file.read(ByteBuffer.allocate(1), 0)).isZero();

        generation.release();
        assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
    }
}
