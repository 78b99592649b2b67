package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.disk.RealDisk;
import io.zeolite.logging.RecordedLog;
import io.zeolite.storage.Logs;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClockCheckTest {
    private static final Instant LAST = Instant.parse("2030-05-06T07:08:00Z");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    /** What is logged when a file is opened at some time before its last transaction. */
    private List<String> logged(Duration before) throws IOException {
        FileLog log = FileLog.open(new RealDisk(), path(), FileLogOptions.CREATE);
        Logs.commit(log, TimeStamp.of(LAST), TestRecords.of(1, "A"));
        InstantSource clock = InstantSource.fixed(LAST.minus(before));
        try (RecordedLog recorded = new RecordedLog(ClockCheck.class)) {
            LocalStorage.open(
                            log,
                            null,
                            new CommitContext(Runnable::run, Runnable::run, clock, new NoTimeouts(), Duration.ZERO),
                            new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                                throw new IOException("nothing is stored");
                            }))
                    .close();
            return recorded.lines();
        }
    }

    private Path path() {
        return directory.resolve("Data.fs");
    }

    @Test
    void open_fileAheadOfTheClock_isTold() throws IOException {
        assertThat(logged(Duration.ofMinutes(30)))
                .containsExactly("WARNING " + path() + ": the last transaction is of 2030-05-06T07:08:00Z, 1800 s ahead"
                        + " of the clock; until then what is committed gets tids right behind it");
    }

    @Test
    void open_fileFarAheadOfTheClock_isCriticalAsInPython() throws IOException {
        assertThat(logged(Duration.ofSeconds(1801)))
                .singleElement()
                .asString()
                .startsWith("CRITICAL " + path() + ": the last transaction is of 2030-05-06T07:08:00Z, 1801 s ahead");
    }

    @Test
    void open_fileOfThePast_isNotTold() throws IOException {
        assertThat(logged(Duration.ZERO)).isEmpty();
        assertThat(logged(Duration.ofDays(-1000))).isEmpty();
    }
}
