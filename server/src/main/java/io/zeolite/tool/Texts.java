package io.zeolite.tool;

import io.zeolite.zodb.TimeStamp;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Values as people read them. */
public final class Texts {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final String[] UNITS = {"KB", "MB", "GB", "TB", "PB"};

    private Texts() {}

    /** A number of bytes, in units of 1024. */
    public static String bytes(long count) {
        if (count < 1024) {
            return count + " bytes";
        }
        double value = count;
        int unit = -1;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /** A time span, to the second, with the two largest units that it has. */
    public static String duration(long seconds) {
        long minutes = seconds / 60;
        long hours = minutes / 60;
        long days = hours / 24;
        if (minutes == 0) {
            return seconds + " s";
        } else if (hours == 0) {
            return minutes + " min " + seconds % 60 + " s";
        } else if (days == 0) {
            return hours + " h " + minutes % 60 + " min";
        }
        return days + " d " + hours % 24 + " h";
    }

    /** The time of a transaction, in UTC. */
    public static String time(long tid) {
        return time(TimeStamp.toInstant(tid));
    }

    /** A time, in UTC. */
    public static String time(Instant instant) {
        return TIME.format(instant);
    }

    /** The text that bytes are by ZODB's convention, UTF-8. What is none is replaced. */
    public static String utf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** A text in quotes on one line, without anything that a terminal obeys. */
    public static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
            } else if (c == '\n') {
                quoted.append("\\n");
            } else if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }

    /** A number with the word that it counts. */
    public static String count(long number, String one) {
        return count(number, one, one + "s");
    }

    /** The same, for a word with a plural of its own. */
    public static String count(long number, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? one : many);
    }
}
