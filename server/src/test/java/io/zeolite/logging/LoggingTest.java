package io.zeolite.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import io.zeolite.logging.LogConfig.Destination;
import io.zeolite.logging.LogConfig.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class LoggingTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final LoggerContext context = new LoggerContext();
    private final Logger logger = context.getLogger("ZEO.StorageServer");

    @AfterEach
    void tearDown() {
        context.stop();
    }

    @Test
    void start_formatOfRunzeo_isWhatLogWatchersLookFor() throws Exception {
        start(0, target(0, LogFormat.of(LogFormat.ZEO, LogFormat.ISO_SECONDS)));
        logger.error(Logging.CRITICAL, "({}) Transaction timeout after {} seconds", "127.0.0.1:39191", 1);

        assertThat(Files.readString(log()))
                .matches("------\n\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d CRITICAL ZEO.StorageServer"
                        + " \\(127.0.0.1:39191\\) Transaction timeout after 1 seconds\n");
    }

    @Test
    void start_levels_areThoseOfPython() throws Exception {
        start(0, target(0, LogFormat.of("%(levelname)s %(levelno)d", LogFormat.ISO_SECONDS)));
        logAll();

        assertThat(Files.readAllLines(log()))
                .containsExactly("TRACE 5", "DEBUG 10", "INFO 20", "WARNING 30", "ERROR 40", "CRITICAL 50");
    }

    @Test
    void start_levelOfLogAndOfFile_bothHoldBack() throws Exception {
        LogFormat format = LogFormat.of("%(levelname)s", LogFormat.ISO_SECONDS);
        Path other = directory.resolve("other.log");
        start(20, target(0, format), new Target(new Destination.File(other), 45, format));
        logAll();

        assertThat(Files.readAllLines(log())).containsExactly("INFO", "WARNING", "ERROR", "CRITICAL");
        assertThat(Files.readAllLines(other)).containsExactly("CRITICAL");
    }

    @Test
    void start_exception_isWrittenBelowTheMessage() throws Exception {
        start(0, target(0, LogFormat.of("%(message)s", LogFormat.ISO_SECONDS)));
        logger.warn("odd", new IllegalStateException("how"));

        assertThat(Files.readAllLines(log()))
                .startsWith("odd", "java.lang.IllegalStateException: how")
                .hasSizeGreaterThan(2);
    }

    @Test
    void start_again_replacesTheTargets() throws Exception {
        LogFormat format = LogFormat.of("%(message)s", LogFormat.ISO_SECONDS);
        start(0, target(0, format));
        logger.info("one");
        Path other = directory.resolve("other.log");
        start(0, new Target(new Destination.File(other), 0, format));
        logger.info("two");

        assertThat(Files.readString(log())).isEqualTo("one\n");
        assertThat(Files.readString(other)).isEqualTo("two\n");
    }

    @Test
    void start_fileThatCannotBeOpened_fails() {
        Path impossible = directory.resolve("no/server.log");

        assertThatThrownBy(() -> start(
                        0,
                        new Target(
                                new Destination.File(impossible),
                                0,
                                LogFormat.of("%(message)s", LogFormat.ISO_SECONDS))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no/server.log");
    }

    @Test
    void start_delayedFile_appearsWithItsFirstMessage() throws Exception {
        start(
                0,
                new Target(
                        new Destination.File(log(), 0, 0, StandardCharsets.UTF_8, true),
                        0,
                        LogFormat.of("%(message)s", LogFormat.ISO_SECONDS)));
        assertThat(log()).doesNotExist();
        logger.info("first");

        assertThat(log()).hasContent("first");
    }

    @Test
    void start_maxSize_keepsThatManyOldFiles() throws Exception {
        Files.writeString(log(), "0\n");
        start(
                0,
                new Target(
                        new Destination.File(log(), 6, 2, StandardCharsets.UTF_8, false),
                        0,
                        LogFormat.of("%(message)s", LogFormat.ISO_SECONDS)));
        for (int i = 1; i <= 9; i++) {
            logger.info("{}", i);
        }
        logger.info("longer than the limit");

        assertThat(log()).hasContent("longer than the limit");
        assertThat(directory.resolve("server.log.1")).hasContent("9");
        assertThat(directory.resolve("server.log.2")).hasContent("6\n7\n8");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).hasSize(3);
        }
    }

    @Test
    void reopen_afterARename_goesOnInANewFile() throws Exception {
        LogFormat format = LogFormat.of("%(message)s", LogFormat.ISO_SECONDS);
        start(0, target(0, format));
        logger.info("one");
        Files.move(log(), directory.resolve("renamed"));
        logger.info("two");

        assertThat(Logging.reopen(context)).isTrue();
        logger.info("three");
        assertThat(directory.resolve("renamed")).hasContent("one\ntwo");
        assertThat(log()).hasContent("three");
        start(0, new Target(Destination.Stream.STDERR, 50, format));
        assertThat(Logging.reopen(context)).isFalse();
    }

    @Test
    void noise_ofManyClients_isCountedAndSummedUpAtTheEnd() throws Exception {
        start(0, target(0, LogFormat.of("%(message)s", LogFormat.ISO_SECONDS)));
        for (int i = 0; i < 1000; i++) {
            logger.info(Logging.NOISE, "({}) disconnected", i);
            logger.info("({}) important", i);
        }
        context.stop();

        assertThat(Files.readAllLines(log()))
                .contains("(49) disconnected", "(999) important")
                .doesNotContain("(50) disconnected")
                .hasSize(50 + 1000 + 1)
                .last()
                .asString()
                .matches("950 more messages like this in \\d+ s: \\(\\.\\.\\.\\) disconnected");
    }

    private void logAll() {
        logger.trace("t");
        logger.debug("d");
        logger.info("i");
        logger.warn("w");
        logger.error("e");
        logger.error(Logging.CRITICAL, "c");
    }

    private void start(int level, Target... targets) throws IOException {
        Logging.start(new LogConfig(level, List.of(targets)), context);
    }

    private Target target(int level, LogFormat format) {
        return new Target(new Destination.File(log()), level, format);
    }

    private Path log() {
        return directory.resolve("server.log");
    }
}
