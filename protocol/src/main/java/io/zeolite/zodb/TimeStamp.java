package io.zeolite.zodb;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * The time that a transaction id encodes, in UTC.
 *
 * <p>The upper 32 bits count minutes since 1900 in a calendar whose months all have 31 days; the lower 32 bits are the
 * second within the minute, in units of 60 / 2<sup>32</sup> s (about 14 ns). This is the {@code TimeStamp} of Python's
 * {@code persistent} package.
 */
public final class TimeStamp {
    private static final double SECONDS_PER_UNIT = 60.0 / 65536 / 65536;

    private static final double MAX_EPOCH_SECONDS = 1e12;

    private TimeStamp() {}

    /**
     * The time stamp of an instant, rounded down.
     *
     * @throws IllegalArgumentException if it is before 1900 or after 9917, which 64 bits cannot hold
     */
    public static long of(Instant instant) {
        double seconds = instant.getEpochSecond() - minuteOf(instant) + instant.getNano() / 1e9;
        return of(instant, seconds);
    }

    /**
     * The time stamp of a time as Python gives it, rounded down: computed as Python computes it, so that both get the
     * same.
     *
     * @param epochSeconds since 1970
     * @throws IllegalArgumentException if it is no number, or before 1900 or after 9917
     */
    public static long ofEpochSeconds(double epochSeconds) {
        if (!(Math.abs(epochSeconds) < MAX_EPOCH_SECONDS)) {
            throw new IllegalArgumentException("time: " + epochSeconds + " (expected: from 1900 to 9917)");
        }
        double minute = Math.floor(epochSeconds / 60);
        return of(Instant.ofEpochSecond(((long) minute) * 60), epochSeconds - minute * 60);
    }

    private static long minuteOf(Instant instant) {
        return Math.floorDiv(instant.getEpochSecond(), 60) * 60;
    }

    private static long of(Instant instant, double seconds) {
        LocalDateTime time = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        long minutes =
                ((((time.getYear() - 1900L) * 12 + time.getMonthValue() - 1) * 31 + time.getDayOfMonth() - 1) * 24
                                        + time.getHour())
                                * 60
                        + time.getMinute();
        if (minutes < 0 || minutes > 0xffffffffL) {
            throw new IllegalArgumentException("instant: " + instant + " (expected: from 1900 to 9917)");
        }
        return minutes << 32 | (long) (seconds / SECONDS_PER_UNIT);
    }

    /** Seconds since 1970, as Python's {@code TimeStamp.timeTime()} gives them within a microsecond. */
    public static double toEpochSeconds(long stamp) {
        Instant minute = minuteOf(stamp);
        return minute.getEpochSecond() + secondsOf(stamp);
    }

    /** The instant of a stamp, rounded down to nanoseconds. */
    public static Instant toInstant(long stamp) {
        return minuteOf(stamp).plusNanos((long) (secondsOf(stamp) * 1e9));
    }

    /**
     * The stamp to use for something that happens at {@code now} and must come after {@code last}: {@code now} if it is
     * later, otherwise the smallest stamp after {@code last}.
     */
    public static long laterThan(long last, long now) {
        return Tid.isAfter(now, last) ? now : last + 1;
    }

    private static Instant minuteOf(long stamp) {
        long minutes = stamp >>> 32;
        int minute = (int) (minutes % 60);
        int hour = (int) (minutes / 60 % 24);
        int day = (int) (minutes / 1440 % 31);
        int month = (int) (minutes / 44640 % 12) + 1;
        int year = (int) (minutes / 535680) + 1900;
        // Days are added instead of given, so that a stamp like "31 February" has a time too.
        return LocalDateTime.of(year, month, 1, hour, minute).plusDays(day).toInstant(ZoneOffset.UTC);
    }

    private static double secondsOf(long stamp) {
        return (stamp & 0xffffffffL) * SECONDS_PER_UNIT;
    }
}
