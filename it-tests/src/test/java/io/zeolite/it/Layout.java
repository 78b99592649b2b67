package io.zeolite.it;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where things are, found from this module's directory. */
public final class Layout {
    static final Path MODULE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    static final Path SCRIPTS = MODULE.resolve("src/test/python");
    static final Path TARGET = MODULE.resolve("target");

    private Layout() {}

    /** The launcher of the server: that of this repository, or the one that {@code -Dzeolite.it.launcher} names. */
    public static Path launcher() {
        String other = System.getProperty("zeolite.it.launcher", "");
        Path launcher = other.isEmpty() ? MODULE.resolveSibling("server/bin/zeolite") : Path.of(other);
        if (!Files.isExecutable(launcher)) {
            throw new AssertionError("launcher: " + launcher + " (expected: an executable file)");
        }
        return launcher.toAbsolutePath();
    }

    /** A directory under {@code target}, where what the tests leave for the reader is. */
    public static Path output(String name) {
        return TARGET.resolve(name);
    }

    /** The certificates and keys of the server's own tests. */
    public static Path tls() {
        return MODULE.resolveSibling("server/src/test/resources/tls");
    }

    public static Path documentation() {
        return MODULE.resolveSibling("docs");
    }

    /** How much longer than usual the scenarios run that are as long as one likes: 1, and more with {@code -Psoak}. */
    public static int scale() {
        return Integer.getInteger("zeolite.it.scale", 1);
    }
}
