package io.zeolite.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.logging.LogConfig;
import io.zeolite.logging.LogConfig.Destination;
import io.zeolite.logging.TimedRotation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventlogTest {
    private static final String BEFORE = "<zeo>\naddress 8100\n</zeo>\n<mappingstorage/>\n<eventlog>\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ConfigText text;

    @BeforeEach
    void setUp() {
        text = new ConfigText(directory);
    }

    @Test
    void load_eventlog_hasLevelsAndTargets() throws Exception {
        LogConfig log = read("""
                level Warning
                <logfile>
                  path server.log
                </logfile>
                <logfile>
                  path z.log
                  level 15
                  max-size 5 MB
                  old-files 3
                  encoding iso-8859-1
                  delay true
                  format %(message)s\\t%(levelname)s
                </logfile>
                <logfile>
                  path STDOUT
                  level debug
                </logfile>
                """);

        assertThat(log.level()).isEqualTo(30);
        assertThat(log.targets()).extracting(LogConfig.Target::level).containsExactly(0, 15, 10);
        assertThat(log.targets())
                .extracting(LogConfig.Target::destination)
                .containsExactly(
                        new Destination.File(directory.resolve("server.log")),
                        new Destination.File(directory.resolve("z.log"), 5 << 20, 3, StandardCharsets.ISO_8859_1, true),
                        Destination.Stream.STDOUT);
    }

    @Test
    void load_when_isTakenAsPythonTakesIt() throws Exception {
        LogConfig log = read("""
                <logfile>
                  path z.log
                  when midnight
                  old-files 7
                </logfile>
                <logfile>
                  path h.log
                  when h
                  interval 6
                  old-files 4
                </logfile>
                """);

        assertThat(log.targets())
                .extracting(LogConfig.Target::destination)
                .containsExactly(
                        new Destination.File(
                                directory.resolve("z.log"),
                                0,
                                new TimedRotation(ChronoUnit.DAYS, 1, true, null),
                                7,
                                StandardCharsets.UTF_8,
                                false),
                        new Destination.File(
                                directory.resolve("h.log"),
                                0,
                                new TimedRotation(ChronoUnit.HOURS, 6, false, null),
                                4,
                                StandardCharsets.UTF_8,
                                false));
    }

    @Test
    void load_emptyEventlog_logsNothing() throws Exception {
        assertThat(read("").targets()).isEmpty();
        assertThat(read("").level()).isEqualTo(LogConfig.INFO);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "level loud | zeo.conf:6: level: \"loud\" (expected critical, error, warning, info, debug, trace, all or",
                "level 51 | zeo.conf:6: level: \"51\" (expected critical,",
                "<syslog/> | zeo.conf:6: <syslog> is not supported by this version (expected <logfile>)",
                "<logfile/> | zeo.conf:6: no key \"path\" in <logfile>",
                "<logfile>;path a;when X;old-files 3;</logfile> | zeo.conf:8: when: \"X\" (expected S, M, H, D, midnight, or W0",
                "<logfile>;path a;when D;</logfile> | zeo.conf:8: when needs old-files (expected it to be more than 0)",
                "<logfile>;path a;max-size 9;</logfile> | zeo.conf:8: max-size needs old-files (expected it to be more than 0)",
                "<logfile>;path a;old-files 3;</logfile> | zeo.conf:8: old-files and interval need max-size or when (expected",
                "<logfile>;path a;interval 3;</logfile> | zeo.conf:8: old-files and interval need max-size or when (expected",
                "<logfile>;path a;when D;max-size 9;old-files 3;</logfile> | zeo.conf:8: max-size and when do not go together",
                "<logfile>;path STDERR;old-files 3;</logfile> | zeo.conf:7: STDERR has no max-size, old-files, when, interval,"
                        + " encoding or delay (expected the path of a file)",
                "<logfile>;path a;style format;</logfile> | zeo.conf:8: style: \"format\" is not supported by this version",
                "<logfile>;path a;encoding x-no;</logfile> | zeo.conf:8: encoding: \"x-no\" (expected an encoding, like utf-8)",
                "<logfile>;path a;format %(nope)s;</logfile> | zeo.conf:8: format: unknown field %(nope)s (expected asctime,",
                "<logfile>;path a;format %(message)s;dateformat %Q;</logfile> | zeo.conf:9: dateformat: \"%Q\": unknown",
                "<logfile>;path a;dateformat %Q;</logfile> | zeo.conf:8: dateformat: \"%Q\": unknown directive %Q (expected % and",
            })
    void load_badEventlog_isRefused(String lines, String message) throws Exception {
        assertThat(text.error(BEFORE + lines.replace(";", "\n") + "\n</eventlog>\n"))
                .startsWith(message);
    }

    private LogConfig read(String lines) throws Exception {
        return text.read(BEFORE + lines + "</eventlog>\n").log();
    }
}
