package io.zeolite.logging;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.util.Date;
import java.util.Locale;
import java.util.TimeZone;

/**
 * The directives of {@code strftime}, in the C locale. {@code java.time.format} is not used because loading it and its
 * locale data costs more than the rest of the logging set-up; nor is {@code java.time.ZoneId}, which looks for zones in
 * every jar before it takes the JDK's.
 */
final class DateFormat {
    private static final String DIRECTIVES = "YmdHMSyjIpaAbBzZ%";

    private final String pattern;

    /** @throws IllegalArgumentException if it holds a directive that is not known */
    DateFormat(String pattern) {
        this.pattern = pattern;
        for (int i = pattern.indexOf('%'); i >= 0; i = pattern.indexOf('%', i + 2)) {
            if (i + 1 == pattern.length() || DIRECTIVES.indexOf(pattern.charAt(i + 1)) < 0) {
                throw new IllegalArgumentException("\"" + pattern + "\": unknown directive "
                        + pattern.substring(i, Math.min(i + 2, pattern.length())) + " (expected % and one of "
                        + DIRECTIVES + ")");
            }
        }
    }

    /** @param millis since 1970 */
    String format(long millis, TimeZone zone) {
        ZoneOffset offset = ZoneOffset.ofTotalSeconds(zone.getOffset(millis) / 1000);
        OffsetDateTime time = Instant.ofEpochMilli(millis).atOffset(offset);
        StringBuilder out = new StringBuilder(24);
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '%') {
                i++;
                appendField(pattern.charAt(i), time, zone, out);
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static void appendField(char directive, OffsetDateTime time, TimeZone zone, StringBuilder out) {
        switch (directive) {
            case 'Y' -> appendDigits(time.getYear(), 4, out);
            case 'm' -> appendDigits(time.getMonthValue(), 2, out);
            case 'd' -> appendDigits(time.getDayOfMonth(), 2, out);
            case 'H' -> appendDigits(time.getHour(), 2, out);
            case 'M' -> appendDigits(time.getMinute(), 2, out);
            case 'S' -> appendDigits(time.getSecond(), 2, out);
            case 'y' -> appendDigits(time.getYear() % 100, 2, out);
            case 'j' -> appendDigits(time.getDayOfYear(), 3, out);
            case 'I' -> appendDigits((time.getHour() + 11) % 12 + 1, 2, out);
            case 'p' -> out.append(time.getHour() < 12 ? "AM" : "PM");
            case 'a' -> out.append(time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH));
            case 'A' -> out.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
            case 'b' -> out.append(time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH));
            case 'B' -> out.append(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
            case 'z' -> appendOffset(time.getOffset().getTotalSeconds() / 60, out);
            case 'Z' -> {
                boolean summer = zone.inDaylightTime(Date.from(time.toInstant()));
                out.append(zone.getDisplayName(summer, TimeZone.SHORT, Locale.ENGLISH));
            }
            default -> out.append(directive);
        }
    }

    private static void appendOffset(int minutes, StringBuilder out) {
        out.append(minutes < 0 ? '-' : '+');
        int absolute = Math.abs(minutes);
        appendDigits(absolute / 60, 2, out);
        appendDigits(absolute % 60, 2, out);
    }

    private static void appendDigits(int value, int width, StringBuilder out) {
        String digits = Integer.toString(value);
        out.append("0".repeat(Math.max(0, width - digits.length()))).append(digits);
    }
}
