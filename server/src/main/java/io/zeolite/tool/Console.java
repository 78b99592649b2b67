package io.zeolite.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a tool writes.
 *
 * @param out for results
 * @param err for progress, and for what is not a result
 * @param terminal whether somebody watches {@code err}: only then is progress shown
 */
public record Console(PrintStream out, PrintStream err, boolean terminal) {
    /** The standard streams of the process. */
    public static Console ofProcess(PrintStream out, PrintStream err) {
        return new Console(out, err, isTerminal());
    }

    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
