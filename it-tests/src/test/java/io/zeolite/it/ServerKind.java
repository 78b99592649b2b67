package io.zeolite.it;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Which server the scenarios are run on: {@code -Dzeolite.it.server=python} asks the scenarios themselves. */
public enum ServerKind {
    ZEOLITE {
        @Override
        public List<String> command() {
            return List.of(Layout.launcher().toString(), "serve");
        }
    },
    PYTHON {
        @Override
        public List<String> command() {
            Path script = Layout.SCRIPTS.resolve("runzeo_address_file.py");
            return List.of(PythonEnvironment.CLIENTS.interpreter().toString(), script.toString());
        }
    };

    /** The system property, and the value with which scenarios are disabled that ask for more than Python's server does. */
    public static final String PROPERTY = "zeolite.it.server";

    public static final String PYTHON_VALUE = "python";

    public static ServerKind underTest() {
        return valueOf(System.getProperty(PROPERTY, "zeolite").toUpperCase(Locale.ROOT));
    }

    /** What takes {@code -C FILE --address-file FILE} and serves. */
    public abstract List<String> command();
}
