package io.zeolite.config;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Section;
import io.zeolite.logging.LogConfig;
import io.zeolite.logging.LogConfig.Destination;
import io.zeolite.logging.LogFormat;
import io.zeolite.logging.PythonLevel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

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

    static final Key<String> WHEN = Key.optional("when", Datatypes.STRING, "refused: files are renamed by size only");

    static final Key<Integer> INTERVAL =
            Key.optional("interval", Datatypes.integer(0, Integer.MAX_VALUE), "refused, like when");

    static final SectionType EVENTLOG = new SectionType(
            "eventlog",
            List.of(LEVEL),
            List.of("logfile"),
            Set.of("syslog", "http-logger", "email-notifier", "win32-eventlog"));

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
        for (Key<?> key : List.of(WHEN, INTERVAL)) {
            if (values.has(key)) {
                throw new ConfigException(
                        values.position(key),
                        key.name() + " is not supported by this version (expected max-size and old-files)");
            }
        }
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
        boolean rotates = values.get(MAX_SIZE) > 0 || values.get(OLD_FILES) > 0;
        if (path.equals("STDOUT") || path.equals("STDERR")) {
            if (rotates || values.has(ENCODING) || values.get(DELAY)) {
                throw new ConfigException(
                        values.position(PATH),
                        path + " has no max-size, old-files, encoding or delay (expected the path of a file)");
            }
            return Destination.Stream.valueOf(path);
        }
        if (path.isEmpty()) {
            throw new ConfigException(values.position(PATH), "path is empty (expected a file, STDOUT or STDERR)");
        }
        if (rotates && (values.get(MAX_SIZE) == 0 || values.get(OLD_FILES) == 0)) {
            throw new ConfigException(
                    values.position(values.get(MAX_SIZE) == 0 ? OLD_FILES : MAX_SIZE),
                    "max-size and old-files go together (expected both to be more than 0, or neither)");
        }
        return new Destination.File(
                environment.path(path),
                values.get(MAX_SIZE),
                values.get(OLD_FILES),
                values.get(ENCODING),
                values.get(DELAY));
    }

    private static LogFormat format(Values values) throws ConfigException {
        String format = unescape(values.get(FORMAT));
        try {
            return LogFormat.of(format, values.get(DATE_FORMAT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    values.position(values.has(FORMAT) ? FORMAT : DATE_FORMAT), "format: " + e.getMessage());
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
