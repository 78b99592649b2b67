package io.zeolite.tool.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.DataFile;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.Progress;
import io.zeolite.tool.ToolOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a file that a server changes meanwhile. */
final class NewestFirstTest {
    private final DataFile file = new DataFile();
    private final List<Walk.Damage> damages = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path path;

    @BeforeEach
    void makeFile() throws IOException {
        path = directory.resolve("Data.fs");
        file.transaction(0x10).store(1, "one").finish();
        file.transaction(0x20).store(1, "two").finish();
        file.writeTo(path);
    }

    private FileIterator open() throws IOException {
        return FileIterator.open(new RealDisk(), path);
    }

    private List<Long> tids(FileIterator iterator) throws IOException {
        List<Long> tids = new ArrayList<>();
        try (Progress progress = new Progress(new ToolOutput().console(), "reading", 0)) {
            NewestFirst newest = new NewestFirst(iterator, progress, new Walk.Visitor() {
                @Override
                public boolean transaction(FileTransaction transaction) {
                    return true;
                }

                @Override
                public void damage(Walk.Damage damage) {
                    damages.add(damage);
                }
            });
            for (FileTransaction next = newest.next(); next != null; next = newest.next()) {
                tids.add(next.tid());
            }
        }
        assertThat(damages).isEmpty();
        return tids;
    }

    @Test
    void next_commitAfterTheFileWasOpened_isNotSeen() throws IOException {
        try (FileIterator iterator = open()) {
            file.transaction(0x30).store(1, "three").finish();
            file.writeTo(path);
            assertThat(tids(iterator)).containsExactly(0x20L, 0x10L);
        }
    }

    @Test
    void next_openedWhileATransactionIsWritten_startsBeforeIt() throws IOException {
        int end = file.end();
        file.transaction(0x30).store(1, "three").finish();
        Files.write(path, Arrays.copyOf(file.bytes(), end + 40));
        try (FileIterator iterator = open()) {
            file.writeTo(path);
            assertThat(tids(iterator)).containsExactly(0x20L, 0x10L);
        }
    }

    @Test
    void next_transactionCutOffAfterTheFileWasOpened_startsBeforeIt() throws IOException {
        byte[] before = file.bytes();
        file.transaction(0x30).status('c').store(1, "three").finish();
        file.writeTo(path);
        try (FileIterator iterator = open()) {
            Files.write(path, before);
            assertThat(tids(iterator)).containsExactly(0x20L, 0x10L);
        }
    }

    @Test
    void next_packAfterTheFileWasOpened_isNotSeen() throws IOException {
        try (FileIterator iterator = open()) {
            DataFile packed = new DataFile();
            packed.transaction(0x20)
                    .status('p')
                    .store(1, "a longer one than the others")
                    .finish();
            Files.delete(path);
            packed.writeTo(path);
            assertThat(tids(iterator)).containsExactly(0x20L, 0x10L);
        }
    }
}
