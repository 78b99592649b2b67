package io.zeolite.commit.staging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordStagingTest {
    private static final SpillFiles NO_FILES = () -> {
        throw new AssertionError("spilled");
    };

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path temp;

    private final List<RecordStaging> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws IOException {
        opened.forEach(RecordStaging::close);
        try (Stream<Path> left = Files.list(temp)) {
            assertThat(left).as("spill files left").isEmpty();
        }
    }

    private RecordStaging staging(long limit) {
        return staging(limit, SpillFiles.in(temp));
    }

    private RecordStaging staging(long limit, SpillFiles files) {
        return staging(new StagingMemory(limit, Long.MAX_VALUE), files);
    }

    private RecordStaging staging(StagingMemory memory, SpillFiles files) {
        RecordStaging staging = new RecordStaging(memory, files, Runnable::run);
        opened.add(staging);
        return staging;
    }

    @Test
    void add_moreThanAllTogetherMayHave_goesToAFileUntilOthersGiveItBack() {
        StagingMemory memory = new StagingMemory(1000, 1500);
        RecordStaging first = staging(memory, NO_FILES);
        first.add(1, 0, new byte[800]);
        RecordStaging second = staging(memory, SpillFiles.in(temp));
        second.add(1, 0, new byte[800]);
        assertThat(second.spilledBytes()).isEqualTo(800);
        // What is replaced counts no more.
        first.add(1, 0, new byte[100]);
        RecordStaging third = staging(memory, NO_FILES);
        third.add(1, 0, new byte[800]);
        assertThat(third.spilledBytes()).isZero();
        first.close();
        third.close();
        RecordStaging last = staging(memory, NO_FILES);
        last.add(1, 0, new byte[900]);
        assertThat(last.spilledBytes()).isZero();
    }

    @Test
    void add_belowTheLimit_staysInMemory() throws Exception {
        RecordStaging staging = staging(1000, NO_FILES);

        staging.add(7, 70, new byte[] {1});
        staging.add(-1, 0, new byte[] {2, 3});

        assertThat(staging.count()).isEqualTo(2);
        assertThat(staging.oid(1)).isEqualTo(-1);
        assertThat(staging.serial(0)).isEqualTo(70);
        assertThat(staging.length(1)).isEqualTo(2);
        assertThat(staging.data(1)).containsExactly(2, 3);
        assertThat(staging.spilledBytes()).isZero();
        assertThat(staging.contains(7)).isTrue();
        assertThat(staging.contains(8)).isFalse();
        written(staging);
    }

    /** A transaction that could not be written with others is written once more by itself. */
    @Test
    void data_afterAReadThatFailed_isRead() throws Exception {
        MemoryFile file = new MemoryFile(1000);
        RecordStaging staging = staging(0, () -> file);
        staging.add(1, 0, filled(45, 1));
        staging.add(2, 0, filled(100, 2));
        written(staging);
        file.failNextRead();

        assertThatIOException().isThrownBy(() -> staging.data(0));

        assertThat(staging.data(0)).isEqualTo(filled(45, 1));
        assertThat(staging.data(1)).isEqualTo(filled(100, 2));
    }

    @Test
    void add_atTheLimit_spillsTheNextOne() throws Exception {
        // Two records of 36 bytes cost 100 each with what Java adds.
        RecordStaging staging = staging(200);

        staging.add(1, 0, filled(36, 1));
        staging.add(2, 0, filled(36, 2));
        assertThat(staging.spilledBytes()).isZero();
        staging.add(3, 0, filled(1, 3));
        staging.add(4, 0, filled(100, 4));
        written(staging);

        assertThat(staging.spilledBytes()).isEqualTo(101);
        assertThat(staging.data(0)).isEqualTo(filled(36, 1));
        assertThat(staging.data(2)).isEqualTo(filled(1, 3));
        assertThat(staging.data(3)).isEqualTo(filled(100, 4));
    }

    @Test
    void add_sameObjectInMemory_replacesInPlace() throws Exception {
        RecordStaging staging = staging(340, NO_FILES);

        staging.add(1, 10, filled(200, 1));
        staging.add(2, 20, filled(10, 2));
        staging.add(1, 11, filled(100, 3));

        assertThat(staging.count()).isEqualTo(2);
        assertThat(staging.oid(0)).isEqualTo(1);
        assertThat(staging.serial(0)).isEqualTo(11);
        assertThat(staging.data(0)).isEqualTo(filled(100, 3));
    }

    @Test
    void add_sameObjectSpilled_replacesWhatIsInMemoryAndInTheFile() throws Exception {
        RecordStaging staging = staging(300);

        staging.add(1, 0, filled(200, 1));
        staging.add(2, 0, filled(200, 2));
        staging.add(1, 0, filled(70, 3));
        staging.add(2, 0, filled(80, 4));
        written(staging);

        assertThat(staging.count()).isEqualTo(2);
        assertThat(staging.data(0)).isEqualTo(filled(70, 3));
        assertThat(staging.data(1)).isEqualTo(filled(80, 4));
        assertThat(staging.spilledBytes()).isEqualTo(350);
    }

    @Test
    void add_afterWhenWritten_canBeReadAfterTheNext() throws Exception {
        RecordStaging staging = staging(0);
        staging.add(1, 0, filled(1000, 1));
        staging.add(2, 0, filled(1000, 2));
        written(staging);
        assertThat(staging.data(0)).isEqualTo(filled(1000, 1));

        staging.add(1, 5, filled(2000, 3));
        written(staging);

        assertThat(staging.data(0)).isEqualTo(filled(2000, 3));
        assertThat(staging.data(1)).isEqualTo(filled(1000, 2));
    }

    @Test
    void add_emptyRecord_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> staging(0).add(1, 0, new byte[0]));
    }

    @Test
    void data_inOrder_isReadAhead() throws Exception {
        MemoryFile file = new MemoryFile(Integer.MAX_VALUE);
        RecordStaging staging = staging(0, () -> file);
        for (int i = 0; i < 1000; i++) {
            staging.add(i, 0, filled(1000, i));
        }
        written(staging);

        for (int i = 0; i < 1000; i++) {
            assertThat(staging.data(i)).isEqualTo(filled(1000, i));
        }

        assertThat(file.reads).isEqualTo(4);
    }

    @Test
    void data_fileTooShort_namesFileAndPosition() {
        MemoryFile file = new MemoryFile(1500);
        RecordStaging staging = staging(0, () -> file);
        staging.add(1, 0, filled(1000, 1));
        staging.add(2, 0, filled(1000, 2));
        staging.whenWritten(new Outcome<>());

        assertThatIOException()
                .isThrownBy(() -> staging.data(1))
                .withMessage("memory/file ends within a staged record: 500 bytes at 1000 (expected: 1000)");
    }

    @Test
    void whenWritten_diskFull_fails() throws Exception {
        RecordStaging staging = staging(0, () -> new MemoryFile(100_000));
        staging.add(1, 0, filled(90_000, 1));
        staging.add(2, 0, filled(90_000, 2));
        Outcome<Void> written = new Outcome<>();

        staging.whenWritten(written);

        assertThat(written.failure())
                .isInstanceOf(CallException.class)
                .hasMessageContaining("memory/file: No space left on device (180000 bytes at 0)");
    }

    @Test
    void close_whileStaging_dropsTheRest() throws Exception {
        QueuedExecutor executor = new QueuedExecutor();
        MemoryFile file = new MemoryFile(Integer.MAX_VALUE);
        RecordStaging staging = new RecordStaging(new StagingMemory(0, 0), () -> file, executor);
        staging.add(1, 0, filled(300_000, 1));
        executor.runAll();
        staging.add(2, 0, filled(300_000, 2));

        staging.close();
        staging.add(3, 0, filled(200_000, 3));
        Outcome<Void> written = new Outcome<>();
        staging.whenWritten(written);
        executor.runAll();

        assertThat(staging.count()).isEqualTo(2);
        assertThat(file.content()).hasSize(300_000);
        assertThat(file.discarded).isTrue();
        assertThat(written.failure()).isInstanceOf(TransactionException.class);
        assertThatIOException().isThrownBy(() -> staging.data(0)).withMessageContaining("closed: true");
    }

    @Test
    void random_storesAndReads_matchAMap() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try {
            for (int round = 0; round < 8; round++) {
                compareWithMap(random);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private void compareWithMap(Random random) throws Exception {
        RecordStaging staging = staging(random.nextInt(3) * 100_000L);
        Map<Long, byte[]> expected = new LinkedHashMap<>();
        int objects = 1 + random.nextInt(2000);
        long offset = random.nextLong();
        int stores = random.nextInt(3000);
        for (int i = 0; i < stores; i++) {
            long oid = offset + random.nextInt(objects);
            int length = 1 + random.nextInt(random.nextInt(100) == 0 ? 400_000 : 2000);
            byte[] data = filled(length, random.nextInt());
            staging.add(oid, i, data);
            expected.put(oid, data);
            if (random.nextInt(200) == 0) {
                written(staging);
                int any = random.nextInt(staging.count());
                assertThat(staging.data(any)).isEqualTo(expected.get(staging.oid(any)));
            }
        }
        written(staging);
        assertThat(staging.count()).isEqualTo(expected.size());
        int number = 0;
        for (Map.Entry<Long, byte[]> entry : expected.entrySet()) {
            assertThat(staging.oid(number)).isEqualTo(entry.getKey());
            assertThat(staging.length(number)).isEqualTo(entry.getValue().length);
            assertThat(Arrays.equals(staging.data(number), entry.getValue())).isTrue();
            number++;
        }
        staging.close();
    }

    private static void written(RecordStaging staging) throws Exception {
        Outcome<Void> written = new Outcome<>();
        staging.whenWritten(written);
        written.value();
    }

    private static byte[] filled(int length, int value) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return data;
    }
}
