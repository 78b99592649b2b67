package io.zeolite.logging;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.logging.LogConfig.Destination;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogFileTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private Instant now = Instant.parse("2026-11-24T10:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "S, 1, 2026-11-24T10:00:01Z, 2026-11-24_11-00-00",
        "m, 5, 2026-11-24T10:05:00Z, 2026-11-24_11-00",
        "h, 2, 2026-11-24T12:00:00Z, 2026-11-24_11",
        "D, 1, 2026-11-25T10:00:00Z, 2026-11-24",
        "midnight, 1, 2026-11-24T23:00:00Z, 2026-11-24",
        // A Tuesday; the next Monday and the next Sunday.
        "W0, 1, 2026-11-29T23:00:00Z, 2026-11-23",
        "w6, 1, 2026-11-28T23:00:00Z, 2026-11-22",
    })
    void timed_whatPythonTakes_isRenamedWhenItDoes(String when, int interval, Instant next, String suffix) {
        TimedRotation timed = Objects.requireNonNull(TimedRotation.parse(when, interval));

        assertThat(timed.next(now, BERLIN)).isEqualTo(next);
        assertThat(timed.suffix(timed.begin(next, BERLIN), BERLIN)).isEqualTo(suffix);
        assertThat(TimedRotation.SUFFIX.matcher(suffix).matches()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"W7", "W", "weekly", "''", "X"})
    void timed_anythingElse_isNothing(String when) {
        assertThat(TimedRotation.parse(when, 1)).isNull();
    }

    @Test
    void write_afterMidnight_goesToANewFileAndKeepsSoManyOld() throws Exception {
        Files.writeString(directory.resolve("a.log.other"), "not ours\n");
        try (LogFile file = open("midnight", 2)) {
            for (int day = 0; day < 4; day++) {
                write(file, "day " + day);
                write(file, "again");
                now = now.plus(Duration.ofDays(1));
            }
        }
        assertThat(files())
                .containsExactly(
                        "a.log=day 3,again",
                        "a.log.2026-11-25=day 1,again",
                        "a.log.2026-11-26=day 2,again",
                        "a.log.other=not ours");
    }

    @Test
    void open_fileOfYesterday_isRenamedBeforeTheFirstMessage() throws Exception {
        Files.writeString(directory.resolve("a.log"), "yesterday\n");
        Files.setLastModifiedTime(directory.resolve("a.log"), FileTime.from(now.minus(Duration.ofDays(1))));
        try (LogFile file = open("midnight", 2)) {
            write(file, "today");
        }
        assertThat(files()).containsExactly("a.log=today", "a.log.2026-11-23=yesterday");
    }

    @Test
    void reopen_timedFileTwice_overwritesNothing() throws Exception {
        try (LogFile file = open("midnight", 5)) {
            for (int i = 0; i < 3; i++) {
                write(file, "part " + i);
                file.reopen();
            }
            write(file, "rest");
        }
        assertThat(files())
                .containsExactly(
                        "a.log=rest",
                        "a.log.2026-11-24=part 0",
                        "a.log.2026-11-24.1=part 1",
                        "a.log.2026-11-24.2=part 2");
    }

    @Test
    void reopen_fileThatSomebodyRenamed_isBegunAnew() throws Exception {
        Path path = directory.resolve("a.log");
        try (LogFile file = new LogFile(new Destination.File(path), () -> now, () -> BERLIN)) {
            write(file, "old");
            Files.move(path, directory.resolve("renamed"));
            write(file, "still old");
            file.reopen();
            write(file, "new");
        }
        assertThat(files()).containsExactly("a.log=new", "renamed=old,still old");
    }

    private LogFile open(String when, int oldFiles) throws IOException {
        return new LogFile(
                new Destination.File(
                        directory.resolve("a.log"),
                        0,
                        TimedRotation.parse(when, 1),
                        oldFiles,
                        StandardCharsets.UTF_8,
                        false),
                () -> now,
                () -> BERLIN);
    }

    private static void write(LogFile file, String line) throws IOException {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        file.write(bytes, 0, bytes.length);
    }

    /** Each file with its lines. */
    private Stream<String> files() throws IOException {
        TreeMap<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(directory)) {
            for (Path path : all.toList()) {
                files.put(path.getFileName().toString(), String.join(",", Files.readAllLines(path)));
            }
        }
        return files.entrySet().stream().map(file -> file.getKey() + "=" + file.getValue());
    }
}
