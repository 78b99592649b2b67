package io.zeolite.it.cold;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** How long the threads of a process have run, to the microsecond: {@code /proc/PID/stat} counts hundredths of a second. */
final class ProcessTime {
    private final Path threads;

    ProcessTime(long pid) {
        threads = Path.of("/proc", Long.toString(pid), "task");
    }

    static ProcessTime ofThisProcess() {
        return new ProcessTime(ProcessHandle.current().pid());
    }

    /**
     * Of threads that have not ended.
     *
     * @param ofCompiler that of the JVM's compiler, which has nothing to do any more sooner or later; or that of all others
     */
    double millis(boolean ofCompiler) throws IOException {
        List<Path> all;
        try (Stream<Path> found = Files.list(threads)) {
            all = found.toList();
        }
        long nanos = 0;
        for (Path thread : all) {
            try {
                if (Files.readString(thread.resolve("comm")).contains("CompilerThre") == ofCompiler) {
                    nanos += Long.parseLong(
                            Files.readString(thread.resolve("schedstat")).split(" ", 2)[0]);
                }
            } catch (NoSuchFileException e) {
                // It has ended in between.
            }
        }
        return nanos / 1e6;
    }
}
