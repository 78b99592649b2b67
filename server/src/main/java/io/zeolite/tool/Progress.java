package io.zeolite.tool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One line on a terminal that says how far a tool is; nothing at all elsewhere. For one thread. */
public final class Progress implements AutoCloseable {
    private static final long INTERVAL_NANOS = Duration.ofMillis(200).toNanos();
    private static final String CLEAR = "\r\033[K";

    private final Console console;
    private final String what;
    private final long total;
    private long lastShown = System.nanoTime();
    private boolean shown;

    /**
     * @param what what is being done, "reading"
     * @param total how many bytes there are to do; 0 if that is not known
     */
    public Progress(Console console, String what, long total) {
        this.console = console;
        this.what = what;
        this.total = total;
    }

    /** Says how many bytes are done; cheap enough for every transaction. */
    public void update(long done) {
        if (console.terminal()) {
            long now = System.nanoTime();
            if (now - lastShown >= INTERVAL_NANOS) {
                lastShown = now;
                show(total == 0 ? null : Texts.bytes(done) + " of " + Texts.bytes(total), done);
            }
        }
    }

    /** Says something else at once. */
    public void say(String text) {
        if (console.terminal()) {
            show(text, 0);
        }
    }

    private void show(@Nullable String detail, long done) {
        shown = true;
        String percent = total == 0 ? "" : " " + 100 * done / total + " %";
        console.err().print(CLEAR + what + percent + (detail == null ? "" : " (" + detail + ")"));
        console.err().flush();
    }

    /** Removes the line. */
    @Override
    public void close() {
        if (shown) {
            console.err().print(CLEAR);
            console.err().flush();
        }
    }
}
