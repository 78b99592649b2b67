package io.zeolite.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * A process that outlives this JVM by a moment, to end the children that the JVM did not live to end. It learns their process ids
 * from a pipe, and that the JVM is gone, killed or not, from the pipe's end. Any thread.
 */
final class Reaper {
    private static final String LOOP = """
            live=' '
            while read -r sign pid; do
              case $live in *" $pid "*) live="${live%% $pid *} ${live#* $pid }" ;; esac
              if [ "$sign" = + ]; then live="$live$pid "; fi
            done
            for pid in $live; do kill -9 "$pid" 2>/dev/null; done
            """;

    private static final Writer PIPE = start();

    private Reaper() {}

    static void watch(Process child) {
        tell("+ " + child.pid());
    }

    static void forget(Process child) {
        tell("- " + child.pid());
    }

    private static synchronized void tell(String line) {
        try {
            PIPE.write(line + "\n");
            PIPE.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("The reaper of child processes is gone", e);
        }
    }

    private static Writer start() {
        try {
            return new ProcessBuilder("sh", "-c", LOOP)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .outputWriter(StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
