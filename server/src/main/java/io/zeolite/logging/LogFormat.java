package io.zeolite.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a log message looks like, written as Python's {@code logging} has it: text with fields like
 * {@code %(asctime)s}, {@code %(levelname)-8s} or {@code %(process)d}. Immutable; any thread may use it.
 */
public final class LogFormat {
    /** Python's format of times, unless told otherwise: {@code 2026-11-22T13:38:27}. */
    public static final String ISO_SECONDS = "%Y-%m-%dT%H:%M:%S";

    /** The format of runzeo, which starts every message with a line of dashes. */
    public static final String ZEO = "------\n%(asctime)s %(levelname)s %(name)s %(message)s";

    private static final Set<String> TEXTS = Set.of(
            "asctime",
            "name",
            "levelname",
            "message",
            "processName",
            "taskName",
            "threadName",
            "pathname",
            "filename",
            "module",
            "funcName");
    private static final Set<String> NUMBERS =
            Set.of("levelno", "created", "msecs", "relativeCreated", "process", "thread", "lineno");

    /** Python counts from when its logging was loaded, too. */
    private static final long START = System.currentTimeMillis();

    private static final Pattern PLACEHOLDER = Pattern.compile(
            "%(?:%|\\((?<field>\\w+)\\)(?<flags>[-+ 0]*)(?<width>\\d{0,3})(?<precision>\\.\\d{1,3})?(?<type>[sdif]))");

    /** Literal text and {@link Field}s, in order. */
    private final List<Object> parts;

    private final DateFormat date;
    private final TimeZone zone;

    private LogFormat(List<Object> parts, DateFormat date, TimeZone zone) {
        this.parts = List.copyOf(parts);
        this.date = date;
        this.zone = zone;
    }

    /**
     * Compiles a format.
     *
     * @param dateFormat how {@code asctime} is written, in the directives of {@code strftime}
     * @throws IllegalArgumentException if either cannot be understood; the message says why
     */
    public static LogFormat of(String format, String dateFormat) {
        return of(format, dateFormat, TimeZone.getDefault());
    }

    static LogFormat of(String format, String dateFormat, TimeZone zone) {
        List<Object> parts = new ArrayList<>();
        Matcher placeholder = PLACEHOLDER.matcher(format);
        int at = 0;
        for (int percent = format.indexOf('%'); percent >= 0; percent = format.indexOf('%', at)) {
            parts.add(format.substring(at, percent));
            placeholder.region(percent, format.length());
            if (!placeholder.lookingAt()) {
                throw new IllegalArgumentException(
                        "not a field: " + format.substring(percent) + " (expected %(name)s, %(name)d or %%)");
            }
            parts.add(placeholder.group("field") == null ? "%" : Field.of(placeholder));
            at = placeholder.end();
        }
        parts.add(format.substring(at));
        return new LogFormat(parts, new DateFormat(dateFormat), zone);
    }

    /** The message with a newline at its end, and a stack trace if there is an exception. */
    String format(ILoggingEvent event) {
        StringBuilder out = new StringBuilder(160);
        for (Object part : parts) {
            if (part instanceof Field field) {
                field.append(value(field.name, event), out);
            } else {
                out.append(part);
            }
        }
        out.append('\n');
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            out.append(ThrowableProxyUtil.asString(thrown));
        }
        return out.toString();
    }

    private Object value(String field, ILoggingEvent event) {
        return switch (field) {
            case "asctime" -> date.format(event.getTimeStamp(), zone);
            case "name" -> event.getLoggerName();
            case "levelname" -> PythonLevel.name(event);
            case "levelno" -> PythonLevel.of(event);
            case "message" -> inOneLine(event.getFormattedMessage());
            case "created" -> event.getTimeStamp() / 1000.0;
            case "msecs" -> event.getTimeStamp() % 1000;
            case "relativeCreated" -> event.getTimeStamp() - START;
            case "process" -> ProcessHandle.current().pid();
            case "thread" -> Thread.currentThread().getId();
            // Those of a Python process that has neither others nor tasks.
            case "processName" -> "MainProcess";
            case "taskName" -> "None";
            case "threadName" -> event.getThreadName();
            case "pathname", "filename" -> String.valueOf(caller(event).getFileName());
            case "module" -> caller(event).getClassName();
            case "lineno" -> caller(event).getLineNumber();
            case "funcName" -> caller(event).getMethodName();
            default -> throw new IllegalStateException("field without a value: " + field);
        };
    }

    /** Clients' labels and file names are in messages: what looks like a line of the log is to be one. */
    private static String inOneLine(String message) {
        if (message.chars().noneMatch(Character::isISOControl)) {
            return message;
        }
        StringBuilder line = new StringBuilder(message.length() + 16);
        message.chars().forEach(c -> {
            if (c == '\n') {
                line.append("\\n");
            } else if (Character.isISOControl(c) && c != '\t') {
                line.append(String.format("\\x%02x", c));
            } else {
                line.append((char) c);
            }
        });
        return line.toString();
    }

    /** Where in the code a message comes from; this walks the stack. */
    private static StackTraceElement caller(ILoggingEvent event) {
        StackTraceElement[] callers = event.getCallerData();
        return callers.length > 0 ? callers[0] : new StackTraceElement("?", "?", "?", 0);
    }

    /**
     * A place for a value.
     *
     * @param number how a number is written, in Java's notation; null if it is written as text
     * @param precision the most characters of a text
     */
    private record Field(
            String name,
            boolean left,
            int width,
            int precision,
            @Nullable String number) {
        static Field of(Matcher placeholder) {
            String name = placeholder.group("field");
            String flags = placeholder.group("flags");
            String width = placeholder.group("width");
            @Nullable String precision = placeholder.group("precision");
            boolean text = placeholder.group("type").equals("s");
            if (!NUMBERS.contains(name) && !(text && TEXTS.contains(name))) {
                throw new IllegalArgumentException("unknown field " + placeholder.group() + " (expected "
                        + String.join(", ", new TreeSet<>(TEXTS)) + " with s, or "
                        + String.join(", ", new TreeSet<>(NUMBERS))
                        + " with s, d or f)");
            }
            @Nullable String number = null;
            if (placeholder.group("type").equals("f")) {
                number = "%" + flags + width + (precision == null ? "" : precision) + "f";
            } else if (!text) {
                number = "%" + flags + width + "d";
            }
            return new Field(
                    name,
                    flags.contains("-"),
                    width.isEmpty() ? 0 : Integer.parseInt(width),
                    precision == null ? Integer.MAX_VALUE : Integer.parseInt(precision.substring(1)),
                    number);
        }

        void append(Object value, StringBuilder out) {
            if (number != null) {
                Number n = (Number) value;
                out.append(String.format(number, number.endsWith("f") ? (Object) n.doubleValue() : n.longValue()));
                return;
            }
            String text = value.toString();
            text = text.length() > precision ? text.substring(0, precision) : text;
            String blanks = " ".repeat(Math.max(0, width - text.length()));
            out.append(left ? "" : blanks).append(text).append(left ? blanks : "");
        }
    }
}
