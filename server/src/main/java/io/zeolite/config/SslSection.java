package io.zeolite.config;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Section;
import io.zeolite.tls.KeyPassword;
import io.zeolite.tls.TlsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The keys of {@code <ssl>} in {@code <zeo>}: first those of Python's server, then our own. */
final class SslSection {
    /** For a server whose code adds certificates itself, of which there is none here. */
    private static final String DYNAMIC = "DYNAMIC";

    static final Key<Path> CERTIFICATE = Key.required(
            "certificate", Datatypes.PATH_IN_DIRECTORY, "a PEM file with the certificate of the server and its chain");

    static final Key<Path> KEY = Key.optional(
            "key", Datatypes.PATH_IN_DIRECTORY, "a PEM file with the private key; if absent, that of certificate");

    static final Key<String> PASSWORD_FUNCTION =
            Key.optional("password-function", Datatypes.STRING, "refused: it names Python code; see password-file");

    static final Key<String> AUTHENTICATE = Key.required(
            "authenticate",
            Datatypes.STRING,
            "a PEM file, or a directory after openssl rehash, of the client certificates that are trusted");

    static final Key<Path> PASSWORD_FILE = Key.optional(
            "password-file", Datatypes.PATH_IN_DIRECTORY, "a file whose first line is the password of the private key");

    static final Key<String> PASSWORD_ENV = Key.optional(
            "password-env", Datatypes.STRING, "the environment variable that holds the password of the private key");

    static final Key<Duration> CHECK_INTERVAL = Key.withDefault(
            "check-interval",
            Datatypes.TIME_INTERVAL,
            Duration.ofSeconds(30),
            "how often the files are looked at for a change; 0 for only after SIGHUP");

    static final SectionType TYPE = SectionType.of(
            "ssl", CERTIFICATE, KEY, PASSWORD_FUNCTION, AUTHENTICATE, PASSWORD_FILE, PASSWORD_ENV, CHECK_INTERVAL);

    private SslSection() {}

    /** What the sections within {@code <zeo>} say of TLS; null if nothing. */
    static @Nullable TlsSettings read(Section zeo, ConfigEnvironment environment, List<String> notices)
            throws ConfigException {
        @Nullable TlsSettings settings = null;
        for (Section section : zeo.sections()) {
            if (settings != null) {
                throw new ConfigException(section.position(), "a second <ssl> in <zeo> (expected one)");
            }
            settings = readOne(section, environment, notices);
        }
        return settings;
    }

    private static TlsSettings readOne(Section section, ConfigEnvironment environment, List<String> notices)
            throws ConfigException {
        Values values = TYPE.read(section, environment);
        @Nullable String function = values.find(PASSWORD_FUNCTION);
        if (function != null) {
            throw new ConfigException(
                    values.position(PASSWORD_FUNCTION),
                    "password-function: \"" + function + "\" names Python code, which this server cannot run (expected"
                            + " password-file with a file, or password-env with an environment variable)");
        }
        Path certificate = values.get(CERTIFICATE);
        @Nullable Path key = values.find(KEY);
        return new TlsSettings(
                certificate,
                key == null ? certificate : key,
                password(values, environment),
                authenticate(values, environment, notices),
                values.get(CHECK_INTERVAL));
    }

    private static KeyPassword password(Values values, ConfigEnvironment environment) throws ConfigException {
        @Nullable Path file = values.find(PASSWORD_FILE);
        @Nullable String variable = values.find(PASSWORD_ENV);
        if (file != null && variable != null) {
            throw new ConfigException(
                    values.position(PASSWORD_ENV), "password-env beside password-file (expected one of them)");
        }
        if (file != null) {
            return KeyPassword.inFile(file);
        }
        if (variable == null) {
            return KeyPassword.NONE;
        }
        @Nullable String value = environment.variables().get(variable);
        if (value == null) {
            throw new ConfigException(
                    values.position(PASSWORD_ENV),
                    "password-env: there is no variable \"" + variable + "\" in the environment (expected one with the"
                            + " password of the key)");
        }
        return KeyPassword.of(value);
    }

    private static @Nullable Path authenticate(Values values, ConfigEnvironment environment, List<String> notices)
            throws ConfigException {
        String text = values.get(AUTHENTICATE);
        if (text.isEmpty()) {
            throw new ConfigException(
                    values.position(AUTHENTICATE), "authenticate is empty (expected a file or a directory)");
        }
        if (!text.equals(DYNAMIC)) {
            return environment.path(text);
        }
        notices.add(
                values.position(AUTHENTICATE) + ": authenticate DYNAMIC trusts no client: it leaves it to Python code"
                        + " to add certificates, which this server has not");
        return null;
    }
}
