package io.zeolite.config;

import io.zeolite.client.blob.CacheLimit;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The datatypes of ZConfig that a server's configuration uses. */
final class Datatypes {
    /** What Python's {@code int} reads, blanks around it aside. */
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]+(_[0-9]+)*");

    private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,12}(\\.[0-9]{0,9})?|\\.[0-9]{1,9}");

    static final Datatype<String> STRING = new Datatype<>("a text", (text, environment) -> text);

    static final Datatype<Boolean> BOOLEAN = new Datatype<>(
            "true, yes, on, false, no or off", (text, environment) -> switch (text.toLowerCase(Locale.ROOT)) {
                case "true", "yes", "on" -> true;
                case "false", "no", "off" -> false;
                default -> null;
            });

    /** Seconds, fractions allowed. */
    static final Datatype<Duration> SECONDS =
            new Datatype<>("seconds, like 30 or 0.5", (text, environment) -> parseSeconds(text));

    /** A number of seconds, minutes, hours or days. */
    static final Datatype<Duration> TIME_INTERVAL =
            new Datatype<>("a time, like 30s, 5m, 2h or 1d", (text, environment) -> parseInterval(text));

    /** The same, where none at all would make no sense. */
    static final Datatype<Duration> POSITIVE_INTERVAL = atLeast(Duration.ofSeconds(1), "1s", TIME_INTERVAL);

    /** As those who wait count it, a time is none below a millisecond. */
    static final Datatype<Duration> POSITIVE_SECONDS = atLeast(Duration.ofMillis(1), "0.001", SECONDS);

    static final Datatype<ServerAddress> ADDRESS =
            new Datatype<>("PORT, HOST:PORT, or a path with a /", Datatypes::parseAddress);

    static final Datatype<Path> PATH = new Datatype<>("a path", Datatypes::parsePath);

    /** A path whose directory is there; ZConfig's {@code existing-dirpath}. */
    static final Datatype<Path> PATH_IN_DIRECTORY =
            new Datatype<>("a path in a directory that exists", Datatypes::parsePathInDirectory);

    /** The same, but no text at all is as good as no key. */
    static final Datatype<Optional<Path>> PATH_IN_DIRECTORY_OR_NOTHING =
            new Datatype<>("a path in a directory that exists, or nothing", (text, environment) -> {
                Path path = parsePathInDirectory(text, environment);
                return text.isEmpty() || path != null ? Optional.ofNullable(path) : null;
            });

    private Datatypes() {}

    static Datatype<Integer> integer(int least, int most) {
        String expected =
                most == Integer.MAX_VALUE ? "a number, at least " + least : "a number, " + least + " to " + most;
        return new Datatype<>(expected, (text, environment) -> {
            Long value = parseInteger(text);
            return value == null || value < least || value > most ? null : value.intValue();
        });
    }

    private static Datatype<Duration> atLeast(Duration least, String name, Datatype<Duration> type) {
        return new Datatype<>(type.expected() + ", at least " + name, (text, environment) -> {
            Duration value = type.conversion().convert(text, environment);
            return value == null || value.compareTo(least) < 0 ? null : value;
        });
    }

    /** A number of bytes, with KB, MB or GB after it for multiples of 1024. */
    static Datatype<Long> byteSize(long least, long most) {
        String expected = "bytes, like 4096, 16KB, 100MB or 2GB"
                + (least > 0 ? ", at least " + least : "")
                + (most < Long.MAX_VALUE ? ", at most " + most : "");
        return new Datatype<>(expected, (text, environment) -> {
            Long value = parseBytes(text.toLowerCase(Locale.ROOT));
            return value == null || value < least || value > most ? null : value;
        });
    }

    /** One of some words; upper and lower case are the same. */
    static <E> Datatype<E> oneOf(Map<String, E> words) {
        return new Datatype<>(
                "one of " + String.join(", ", new TreeSet<>(words.keySet())),
                (text, environment) -> words.get(text.toLowerCase(Locale.ROOT)));
    }

    /** A number of bytes, or a share of a file system. */
    static final Datatype<CacheLimit> CACHE_SIZE = new Datatype<>(
            "bytes, like 10000000000, 500MB or 10GB, or a share of the disk, like 20%",
            (text, environment) -> {
                if (text.endsWith("%")) {
                    Long percent = parseInteger(text.substring(0, text.length() - 1));
                    return percent == null || percent < 1 || percent > 100
                            ? null
                            : new CacheLimit.ShareOfDisk(percent.intValue());
                }
                Long bytes = parseBytes(text.toLowerCase(Locale.ROOT));
                return bytes == null || bytes < 0 ? null : new CacheLimit.Bytes(bytes);
            });

    private static @Nullable ServerAddress parseAddress(String text, ConfigEnvironment environment) {
        ServerAddress address = ServerAddress.parse(text);
        if (address instanceof ServerAddress.Unix unix) {
            environment.noteIfRelative(unix.path());
        }
        return address;
    }

    static @Nullable Integer parsePort(String text) {
        Long value = parseInteger(text);
        return value == null || value < 0 || value > 0xffff ? null : value.intValue();
    }

    private static @Nullable Long parseInteger(String text) {
        String digits = text.strip();
        if (!INTEGER.matcher(digits).matches()) {
            return null;
        }
        try {
            return Long.valueOf(digits.replace("_", ""));
        } catch (NumberFormatException tooLong) {
            return null;
        }
    }

    private static @Nullable Long parseBytes(String text) {
        int unit = text.endsWith("kb") ? 10 : text.endsWith("mb") ? 20 : text.endsWith("gb") ? 30 : 0;
        Long number = parseInteger(unit == 0 ? text : text.substring(0, text.length() - 2));
        return number == null ? null : multiply(number, 1L << unit);
    }

    private static @Nullable Duration parseInterval(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        long unit =
                switch (lower.isEmpty() ? ' ' : lower.charAt(lower.length() - 1)) {
                    case 's' -> 1;
                    case 'm' -> 60;
                    case 'h' -> 3_600;
                    case 'd' -> 86_400;
                    default -> 0;
                };
        Long number = parseInteger(unit == 0 ? lower : lower.substring(0, lower.length() - 1));
        Long seconds = number == null || number < 0 ? null : multiply(number, Math.max(unit, 1));
        // A duration is counted in nanoseconds by those who wait for it.
        return seconds == null || seconds > Long.MAX_VALUE / 1_000_000_000 ? null : Duration.ofSeconds(seconds);
    }

    private static @Nullable Duration parseSeconds(String text) {
        if (!DECIMAL.matcher(text).matches()) {
            return null;
        }
        BigDecimal nanos = new BigDecimal(text).movePointRight(9);
        return nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0 ? null : Duration.ofNanos(nanos.longValue());
    }

    private static @Nullable Long multiply(long number, long unit) {
        long product = number * unit;
        return product / unit == number ? product : null;
    }

    private static @Nullable Path parsePathInDirectory(String text, ConfigEnvironment environment) {
        Path path = parsePath(text, environment);
        Path directory = path == null ? null : path.getParent();
        return directory == null || Files.isDirectory(directory) ? path : null;
    }

    private static @Nullable Path parsePath(String text, ConfigEnvironment environment) {
        try {
            return text.isEmpty() ? null : environment.expandedPath(text);
        } catch (InvalidPathException e) {
            return null;
        }
    }
}
