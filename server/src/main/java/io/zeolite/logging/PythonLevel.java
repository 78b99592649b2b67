package io.zeolite.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/** Python's log levels, which are numbers, and how they and those of slf4j go together. */
public final class PythonLevel {
    private static final int CRITICAL = 50;

    /** The names that ZConfig takes; Python's own and those that Zope added. */
    private static final Map<String, Integer> NAMES = Map.ofEntries(
            Map.entry("critical", CRITICAL),
            Map.entry("fatal", CRITICAL),
            Map.entry("error", 40),
            Map.entry("warn", 30),
            Map.entry("warning", 30),
            Map.entry("info", 20),
            Map.entry("blather", 15),
            Map.entry("debug", 10),
            Map.entry("trace", 5),
            Map.entry("all", 1),
            Map.entry("notset", 0));

    private PythonLevel() {}

    /** The number of a level given by name or as a number from 0 to 50, or null if it is neither. */
    public static @Nullable Integer parse(String text) {
        Integer known = NAMES.get(text.toLowerCase(Locale.ROOT));
        if (known != null) {
            return known;
        }
        return text.matches("[0-4]?[0-9]|50") ? Integer.valueOf(text) : null;
    }

    static int of(ILoggingEvent event) {
        return switch (event.getLevel().levelInt) {
            case Level.ERROR_INT -> isCritical(event) ? CRITICAL : 40;
            case Level.WARN_INT -> 30;
            case Level.INFO_INT -> 20;
            case Level.DEBUG_INT -> 10;
            default -> 5;
        };
    }

    static String name(ILoggingEvent event) {
        return switch (of(event)) {
            case CRITICAL -> "CRITICAL";
            case 30 -> "WARNING";
            default -> event.getLevel().levelStr;
        };
    }

    /** The level of slf4j below which nothing reaches {@code threshold}. */
    static Level lowest(int threshold) {
        if (threshold > 30) {
            return Level.ERROR;
        } else if (threshold > 20) {
            return Level.WARN;
        } else if (threshold > 10) {
            return Level.INFO;
        }
        return threshold > 5 ? Level.DEBUG : Level.TRACE;
    }

    private static boolean isCritical(ILoggingEvent event) {
        List<Marker> markers = event.getMarkerList();
        return markers != null && markers.contains(Logging.CRITICAL);
    }
}
