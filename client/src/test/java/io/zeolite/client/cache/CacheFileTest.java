package io.zeolite.client.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheFileTest {
    private static final long LIMIT = 1 << 20;

    private final Path directory;
    private final Path path;

    CacheFileTest(@TempDir Path directory) {
        this.directory = directory;
        this.path = directory.resolve("cache");
    }

    private static void fill(ObjectCache cache) {
        cache.clear(5);
        cache.put(1, 3, Tid.NONE, new byte[] {1});
        cache.put(2, 4, Tid.NONE, new byte[] {2});
        cache.put(3, 2, 4, new byte[0]);
        cache.invalidate(10, new long[] {1});
        cache.put(1, 10, Tid.NONE, new byte[] {10});
        cache.forget(20, new long[] {2});
    }

    private static void check(ObjectCache cache) {
        assertThat(cache.lastTransaction()).isEqualTo(20);
        assertThat(cache.current(2)).isNull();
        assertThat(cache.current(1)).isNotNull().satisfies(revision -> {
            assertThat(revision.start()).isEqualTo(10);
            assertThat(revision.data()).containsExactly(10);
        });
        assertThat(cache.before(1, 10)).isNotNull().satisfies(revision -> assertThat(revision.end())
                .isEqualTo(10));
        assertThat(cache.before(3, 4)).isNotNull();
    }

    @Test
    void open_afterClose_hasWhatWasThere() throws IOException {
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            fill(file.cache());
            check(file.cache());
        }
        for (int i = 0; i < 3; i++) {
            try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
                check(file.cache());
            }
        }
    }

    @Test
    void open_directory_isRefusedByName() throws IOException {
        Files.createDirectory(path);

        assertThatThrownBy(() -> CacheFile.open(path, "main", LIMIT))
                .hasMessage("cache file " + path + " is a directory (expected: a file, or nothing yet)");
    }

    @Test
    void open_cutOffAnywhere_isAsOfATransactionThatItWasAsOf() throws IOException {
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            fill(file.cache());
        }
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length; length++) {
            Files.write(path, Arrays.copyOf(whole, length));
            try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
                ObjectCache cache = file.cache();
                assertThat(cache.lastTransaction()).isIn(0L, 5L, 10L, 20L);
                CachedRevision current = cache.current(1);
                if (current != null) {
                    assertThat(current.start()).isEqualTo(cache.lastTransaction() < 10 ? 3 : 10);
                }
                assertThat(cache.current(2) != null && cache.lastTransaction() == 20)
                        .isFalse();
            }
        }
    }

    @Test
    void open_damagedAnywhere_believesNothingFromThereOn() throws IOException {
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            fill(file.cache());
        }
        byte[] whole = Files.readAllBytes(path);
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x20;
            Files.write(path, damaged);
            try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
                assertThat(file.cache().lastTransaction()).isIn(0L, 5L, 10L);
                fill(file.cache());
            }
            try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
                check(file.cache());
            }
        }
    }

    /** It may be longer than there is memory, at every start anew. */
    @Test
    void open_recordLongerThanTheCache_isDamage() throws IOException {
        try (CacheFile file = CacheFile.open(path, "main", 4 * LIMIT)) {
            file.cache().clear(5);
            file.cache().put(1, 3, Tid.NONE, new byte[2 * (int) LIMIT]);
            file.cache().forget(20, new long[] {2});
        }
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            assertThat(file.cache().lastTransaction()).isEqualTo(5);
        }
    }

    @Test
    void open_inUse_saysByWhom() throws IOException {
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            assertThatThrownBy(() -> CacheFile.open(path, "main", LIMIT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is in use")
                    .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
            assertThat(file.cache().lastTransaction()).isEqualTo(Tid.NONE);
        }
    }

    /** It would be in use until the end of the process. */
    @Test
    void close_inAnInterruptedThread_unlocksTheFile() throws IOException {
        CacheFile file = CacheFile.open(path, "main", LIMIT);
        fill(file.cache());
        Thread.currentThread().interrupt();
        file.close();
        assertThat(Thread.interrupted()).isTrue();
        while (true) {
            try (CacheFile again = CacheFile.open(path, "main", LIMIT)) {
                assertThat(again.cache().current(1)).isNotNull();
                return;
            } catch (IOException e) {
                // Its thread writes what is left.
                assertThat(e).hasMessageContaining("is in use");
            }
        }
    }

    @Test
    void open_ofAnotherStorage_isBegunAnew() throws IOException {
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            fill(file.cache());
        }
        try (CacheFile file = CacheFile.open(path, "other", LIMIT)) {
            assertThat(file.cache().lastTransaction()).isEqualTo(Tid.NONE);
            assertThat(file.cache().current(1)).isNull();
        }
    }

    /** 500 objects again and again, more than a log is to have of the cache. @return the last transaction */
    private static long changeMany(CacheFile file) {
        long tid = 100;
        ObjectCache cache = file.cache();
        for (int round = 0; round < 60; round++) {
            for (long oid = 0; oid < 500; oid++) {
                cache.invalidate(++tid, new long[] {oid});
                cache.put(oid, tid, Tid.NONE, new byte[1000]);
            }
            while (file.queuedBytes() > 0) {
                Thread.onSpinWait();
            }
        }
        return tid;
    }

    /** Once, when the disk is full for a moment, in which the log itself is not written. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyChanges_logIsWrittenAnewAndStaysShort(boolean fails) throws IOException {
        Path newer = directory.resolve("cache.new");
        if (fails) {
            Files.createSymbolicLink(newer, Path.of("/dev/full"));
        }
        long tid;
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            tid = changeMany(file);
        }
        assertThat(Files.size(path)).isLessThan((fails ? 15 : 12) * LIMIT);
        assertThat(newer).doesNotExist();
        try (CacheFile file = CacheFile.open(path, "main", LIMIT)) {
            ObjectCache cache = file.cache();
            assertThat(cache.lastTransaction()).isEqualTo(tid);
            for (long oid = 0; oid < 500; oid++) {
                long expected = tid - 499 + oid;
                assertThat(cache.current(oid)).isNotNull().satisfies(current -> assertThat(current.start())
                        .isEqualTo(expected));
            }
        }
    }
}
