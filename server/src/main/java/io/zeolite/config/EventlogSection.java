package io.zeolite.config;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Section;
import io.zeolite.logging.LogConfig;
import io.zeolite.logging.LogConfig.Destination;
import io.zeolite.logging.LogFormat;
import io.zeolite.logging.PythonLevel;
import io.zeolite.logging.TimedRotation;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The keys of {@code <eventlog>} and the {@code <logfile>} sections in it. */
final class EventlogSection {
    private static final Datatype<Integer> LEVEL_TYPE = new Datatype<>(
            "critical, error, warning, info, debug, trace, all or a number from 0 to 50",
            (text, environment) -> PythonLevel.parse(text));

    private static final Datatype<Charset> CHARSET_TYPE =
            new Datatype<>("an encoding, like utf-8", (text, environment) -> {
                try {
                    return Charset.forName(text);
                } catch (IllegalArgumentException e) {
                    return null;
                }
            });

    static final Key<Integer> LEVEL =
            Key.withDefault("level", LEVEL_TYPE, LogConfig.INFO, "messages below this level are not logged");

    static final Key<String> PATH =
            Key.required("path", Datatypes.STRING, "the file that is appended to, or STDOUT or STDERR");

    static final Key<Integer> FILE_LEVEL =
            Key.withDefault("level", LEVEL_TYPE, 0, "messages below this level do not go to this file");

    static final Key<String> FORMAT = Key.withDefault(
            "format", Datatypes.STRING, LogFormat.ZEO, "what a message looks like, with fields like %(message)s");

    static final Key<String> DATE_FORMAT = Key.withDefault(
            "dateformat", Datatypes.STRING, LogFormat.ISO_SECONDS, "what %(asctime)s looks like, as strftime has it");

    static final Key<Long> MAX_SIZE = Key.withDefault(
            "max-size",
            Datatypes.byteSize(0, Long.MAX_VALUE),
            0L,
            "the size at which the file is renamed and a new one started; 0 for never");

    static final Key<Integer> OLD_FILES = Key.withDefault(
            "old-files", Datatypes.integer(0, 10_000), 0, "how many renamed files are kept, path.1 being the newest");

    static final Key<Charset> ENCODING =
            Key.withDefault("encoding", CHARSET_TYPE, StandardCharsets.UTF_8, "the encoding of the file");

    static final Key<Boolean> DELAY = Key.withDefault(
            "delay", Datatypes.BOOLEAN, false, "whether the file is opened only when there is something to write");

    static final Key<String> STYLE =
            Key.withDefault("style", Datatypes.STRING, "classic", "how fields are written in format: only as %(name)s");

    static final Key<String> FORMATTER =
            Key.optional("formatter", Datatypes.STRING, "ignored: it names Python code that formats messages");

    static final Key<Boolean> ARBITRARY_FIELDS = Key.withDefault(
            "arbitrary-fields", Datatypes.BOOLEAN, false, "accepted without effect: messages have no other fields");

    static final Key<String> WHEN = Key.withDefault(
            "when",
            Datatypes.STRING,
            "",
            "what the time is counted in after which the file is renamed: " + TimedRotation.EXPECTED);

    static final Key<Integer> INTERVAL =
            Key.withDefault("interval", Datatypes.integer(0, 100_000), 0, "how many of them; 0 for one");

    static final SectionType EVENTLOG = new SectionType(
            "eventlog",
            List.of(LEVEL),
            List.of("logfile"),
            Map.of("syslog", "", "http-logger", "", "email-notifier", "", "win32-eventlog", ""));

    static final SectionType LOGFILE = SectionType.of(
            "logfile",
            PATH,
            FILE_LEVEL,
            FORMAT,
            DATE_FORMAT,
            MAX_SIZE,
            OLD_FILES,
            ENCODING,
            DELAY,
            STYLE,
            FORMATTER,
            ARBITRARY_FIELDS,
            WHEN,
            INTERVAL);

    private EventlogSection() {}

    static LogConfig read(Section section, ConfigEnvironment environment, List<String> notices) throws ConfigException {
        Values values = EVENTLOG.read(section, environment);
        List<LogConfig.Target> targets = new ArrayList<>();
        for (Section file : section.sections()) {
            targets.add(target(LOGFILE.read(file, environment), environment, notices));
        }
        return new LogConfig(values.get(LEVEL), targets);
    }

    private static LogConfig.Target target(Values values, ConfigEnvironment environment, List<String> notices)
            throws ConfigException {
        if (!values.get(STYLE).equalsIgnoreCase("classic")) {
            throw new ConfigException(
                    values.position(STYLE),
                    "style: \"" + values.get(STYLE) + "\" is not supported by this version (expected classic)");
        }
        if (values.has(FORMATTER)) {
            notices.add(values.position(FORMATTER) + ": formatter is ignored: it names Python code");
        }
        return new LogConfig.Target(destination(values, environment), values.get(FILE_LEVEL), format(values));
    }

    private static Destination destination(Values values, ConfigEnvironment environment) throws ConfigException {
        String path = values.get(PATH);
        boolean rotates = values.get(MAX_SIZE) > 0
                || values.get(OLD_FILES) > 0
                || !values.get(WHEN).isEmpty()
                || values.get(INTERVAL) > 0;
        if (path.equals("STDOUT") || path.equals("STDERR")) {
            if (rotates || values.has(ENCODING) || values.get(DELAY)) {
                throw new ConfigException(
                        values.position(PATH),
                        path
                                + " has no max-size, old-files, when, interval, encoding or delay (expected the path of a file)");
            }
            return Destination.Stream.valueOf(path);
        }
        if (path.isEmpty()) {
            throw new ConfigException(values.position(PATH), "path is empty (expected a file, STDOUT or STDERR)");
        }
        return new Destination.File(
                environment.path(path),
                values.get(MAX_SIZE),
                rotates ? timed(values) : null,
                values.get(OLD_FILES),
                values.get(ENCODING),
                values.get(DELAY));
    }

    /** Checks that files are renamed by size or by time, and some are kept. Returns null if it is by size. */
    private static @Nullable TimedRotation timed(Values values) throws ConfigException {
        String when = values.get(WHEN);
        boolean bySize = values.get(MAX_SIZE) > 0;
        if (bySize == !when.isEmpty()) {
            throw new ConfigException(
                    values.position(bySize ? WHEN : values.has(OLD_FILES) ? OLD_FILES : INTERVAL),
                    bySize
                            ? "max-size and when do not go together (expected one of them)"
                            : "old-files and interval need max-size or when (expected one of them to be given)");
        }
        if (values.get(OLD_FILES) == 0) {
            throw new ConfigException(
                    values.position(bySize ? MAX_SIZE : WHEN),
                    (bySize ? "max-size" : "when") + " needs old-files (expected it to be more than 0)");
        }
        if (bySize) {
            return null;
        }
        TimedRotation timed = TimedRotation.parse(when, Math.max(1, values.get(INTERVAL)));
        if (timed == null) {
            throw new ConfigException(
                    values.position(WHEN), "when: \"" + when + "\" (expected " + TimedRotation.EXPECTED + ")");
        }
        return timed;
    }

    private static LogFormat format(Values values) throws ConfigException {
        String format = unescape(values.get(FORMAT));
        String dateFormat = values.get(DATE_FORMAT);
        compile(values, FORMAT, () -> LogFormat.of(format, LogFormat.ISO_SECONDS));
        return compile(values, DATE_FORMAT, () -> LogFormat.of(format, dateFormat));
    }

    private static LogFormat compile(Values values, Key<String> key, Supplier<LogFormat> format)
            throws ConfigException {
        try {
            return format.get();
        } catch (IllegalArgumentException e) {
            throw new ConfigException(values.position(key), key.name() + ": " + e.getMessage());
        }
    }

    /** A format stands on one line and writes its line breaks as Python's strings do. */
    private static String unescape(String format) {
        return format.replace("\\n", "\n")
                .replace("\\t", "\t")
                .replace("\\b", "\b")
                .replace("\\f", "\f")
                .replace("\\r", "\r");
    }
}
