package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.zodb.TimeStamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.regex.Pattern;

/** Reads a tid, or a time in UTC, for the first or last transaction of a range. */
final class TransactionPoint {
    private static final Pattern TID = Pattern.compile("0x[0-9a-fA-F]{1,16}|[0-9a-fA-F]{16}");
    private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");

    private TransactionPoint() {}

    /** The first tid at or after a point. */
    static long first(String option, String text) throws ConfigException {
        return parse(option, text, false);
    }

    /** The last tid of a point: of a date, the last one on that day. */
    static long last(String option, String text) throws ConfigException {
        return parse(option, text, true);
    }

    private static long parse(String option, String text, boolean end) throws ConfigException {
        try {
            if (TID.matcher(text).matches()) {
                return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
            } else if (DATE.matcher(text).matches()) {
                LocalDate day = LocalDate.parse(text);
                return end ? TimeStamp.of(startOf(day.plusDays(1))) - 1 : TimeStamp.of(startOf(day));
            }
            String bare = text.endsWith("Z") ? text.substring(0, text.length() - 1) : text;
            return TimeStamp.of(LocalDateTime.parse(bare.replace(' ', 'T')).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new ConfigException(option + ": \"" + text
                    + "\" (expected: a tid in hex, a date, or a time in UTC like 2026-01-31T12:00:00)");
        }
    }

    private static Instant startOf(LocalDate day) {
        return day.atStartOfDay().toInstant(ZoneOffset.UTC);
    }
}
