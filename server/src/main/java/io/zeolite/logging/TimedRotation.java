package io.zeolite.logging;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * When a log file is renamed for the time that it covers, and how, as Python's {@code TimedRotatingFileHandler} has it.
 *
 * @param unit seconds, minutes, hours or days
 * @param interval how many of them a file covers
 * @param atMidnight whether days are those of the calendar and not 24 hours from some moment on
 * @param weekday the only day on whose beginning files are renamed, or null
 */
public record TimedRotation(
        ChronoUnit unit,
        int interval,
        boolean atMidnight,
        @Nullable DayOfWeek weekday) {
    private static final Map<String, ChronoUnit> UNITS =
            Map.of("S", ChronoUnit.SECONDS, "M", ChronoUnit.MINUTES, "H", ChronoUnit.HOURS, "D", ChronoUnit.DAYS);

    /** What follows the name of the log file and a dot. */
    static final Pattern SUFFIX =
            Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(_[0-9]{2}){0,1}(-[0-9]{2}){0,2}(\\.\\w+)?");

    /** What {@code when} may be, for whoever wrote something else. */
    public static final String EXPECTED = "S, M, H, D, midnight, or W0 to W6, W0 being Monday";

    /**
     * Reads {@code when} as Python does, in either case.
     *
     * @return null if it is none of {@link #EXPECTED}
     */
    public static @Nullable TimedRotation parse(String when, int interval) {
        String upper = when.toUpperCase(Locale.ROOT);
        ChronoUnit unit = UNITS.get(upper);
        if (unit != null) {
            return new TimedRotation(unit, interval, false, null);
        } else if (upper.equals("MIDNIGHT")) {
            return new TimedRotation(ChronoUnit.DAYS, interval, true, null);
        } else if (upper.matches("W[0-6]")) {
            return new TimedRotation(ChronoUnit.DAYS, interval, true, DayOfWeek.of(upper.charAt(1) - '0' + 1));
        }
        return null;
    }

    /** When a file that was begun, or last written, at this time is to be renamed. */
    Instant next(Instant from, ZoneId zone) {
        if (!atMidnight) {
            return from.plus(Duration.of(interval, unit));
        }
        ZonedDateTime midnight = from.atZone(zone).with(LocalTime.MIN).plusDays(weekday == null ? interval : 1);
        return (weekday == null ? midnight : midnight.with(TemporalAdjusters.nextOrSame(weekday))).toInstant();
    }

    /** What a file is called that began at this time. */
    String suffix(Instant begin, ZoneId zone) {
        String pattern =
                switch (unit) {
                    case SECONDS -> "yyyy-MM-dd_HH-mm-ss";
                    case MINUTES -> "yyyy-MM-dd_HH-mm";
                    case HOURS -> "yyyy-MM-dd_HH";
                    default -> "yyyy-MM-dd";
                };
        return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(zone).format(begin);
    }

    /** When the file began that is to be renamed at this time. */
    Instant begin(Instant rotation, ZoneId zone) {
        if (!atMidnight) {
            return rotation.minus(Duration.of(interval, unit));
        }
        return rotation.atZone(zone).minusDays(weekday == null ? interval : 7).toInstant();
    }
}
