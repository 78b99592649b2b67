package io.zeolite.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Instant;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogFormatTest {
    private static final Instant TIME = Instant.parse("2026-11-02T13:08:27.045Z");

    /** The expected texts are what Python's logging writes. */
    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            delimiter = '|',
            value = {
                "%(asctime)s|2026-11-02T13:08:27",
                "%(message)s 100%%|a message 100%",
                "[%(levelname)-8s]|[INFO    ]",
                "[%(levelname)8s]|[    INFO]",
                "[%(name).3s]|[ZEO]",
                "%(msecs)03d|045",
                "%(levelno)s %(levelno)5d %(levelno)-5d.|20    20 20   .",
                "%(created).3f|1793624907.045",
                "%(threadName)s|a thread",
                "%(processName)s %(taskName)s|MainProcess None",
                "plain|plain",
            })
    void format_field_isAsInPython(String format, String expected) {
        assertThat(LogFormat.of(format, LogFormat.ISO_SECONDS, TimeZone.getTimeZone("UTC"))
                        .format(event()))
                .isEqualTo(expected + "\n");
    }

    @Test
    void format_relativeCreated_isMillisecondsSinceTheStart() {
        LogFormat format = LogFormat.of("%(relativeCreated)d", LogFormat.ISO_SECONDS);
        Instant before = Instant.now();
        LoggingEvent event = event();
        event.setInstant(before);
        long first = Long.parseLong(format.format(event).strip());
        event.setInstant(before.plusMillis(1500));

        assertThat(first).isBetween(0L, 3_600_000L);
        assertThat(format.format(event)).isEqualTo(first + 1500 + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "%Y-%m-%d %H:%M:%S | 2026-11-02 14:08:27",
                "%y %j %I %p | 26 306 02 PM",
                "%a %A %b %B | Mon Monday Nov November",
                "%z %Z %% | +0100 CET %",
            })
    void format_date_isAsStrftimeHasIt(String format, String expected) {
        assertThat(LogFormat.of("%(asctime)s", format, TimeZone.getTimeZone("Europe/Berlin"))
                        .format(event()))
                .isEqualTo(expected + "\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%s", "%(name)", "%(name)x", "%(nope)s", "%(message)d", "%(asctime", "50 %"})
    void of_formatThatPythonWouldRefuse_isRefused(String format) {
        assertThatThrownBy(() -> LogFormat.of(format, LogFormat.ISO_SECONDS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("(expected ");
    }

    /** A client chooses its label, and would like to add to the log. */
    @Test
    void format_messageWithControlCharacters_isOneLine() {
        LogFormat format = LogFormat.of("%(message)s", LogFormat.ISO_SECONDS, TimeZone.getTimeZone("UTC"));
        assertThat(format.format(event("(x\nb\r\033[2J\tc \u0085d\u00e9)")))
                .isEqualTo("a (x\\nb\\x0d\\x1b[2J\tc \\x85d\u00e9)\n");
    }

    private static LoggingEvent event() {
        return event("message");
    }

    private static LoggingEvent event(String argument) {
        LoggingEvent event = new LoggingEvent(
                "", new LoggerContext().getLogger("ZEO.StorageServer"), Level.INFO, "a {}", null, new Object[] {argument
                });
        event.setInstant(TIME);
        event.setThreadName("a thread");
        return event;
    }
}
