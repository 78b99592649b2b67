package io.zeolite.tool;

import java.time.Duration;
import java.util.Locale;

/**
 * One line on a terminal that says how much of a known amount is done, how fast it goes, and how long it will take; nothing at
 * all elsewhere. Any thread.
 */
public final class ProgressBar implements AutoCloseable {
    private static final long INTERVAL_NANOS = Duration.ofMillis(200).toNanos();
    private static final int WIDTH = 24;
    private static final String CLEAR = "\r\033[K";

    private final Console console;
    private final String what;
    private final long totalCount;
    private final long totalBytes;
    private final long startNanos = System.nanoTime();
    private long count;
    private long bytes;
    private long shownNanos = startNanos - INTERVAL_NANOS;

    /** @param what what is being done, "archiving" */
    public ProgressBar(Console console, String what, long totalCount, long totalBytes) {
        this.console = console;
        this.what = what;
        this.totalCount = totalCount;
        this.totalBytes = totalBytes;
        add(0, 0);
    }

    /** Notes what has been done since it was last called. */
    public synchronized void add(long moreBlobs, long moreBytes) {
        count += moreBlobs;
        bytes += moreBytes;
        long now = System.nanoTime();
        if (console.terminal() && now - shownNanos >= INTERVAL_NANOS) {
            shownNanos = now;
            console.err().print(CLEAR + line((now - startNanos) / 1e9));
            console.err().flush();
        }
    }

    /** @param seconds how long it has taken until now */
    String line(double seconds) {
        double share =
                totalBytes == 0 ? (totalCount == 0 ? 1 : (double) count / totalCount) : (double) bytes / totalBytes;
        int full = (int) (share * WIDTH);
        String bar = "#".repeat(full) + "-".repeat(WIDTH - full);
        String line = String.format(
                Locale.ROOT,
                "%s [%s] %d %%, %,d of %s, %s of %s",
                what,
                bar,
                (int) (100 * share),
                count,
                Texts.count(totalCount, "blob"),
                Texts.bytes(bytes),
                Texts.bytes(totalBytes));
        if (bytes == 0 || seconds <= 0) {
            return line;
        }
        double rate = bytes / seconds;
        return line + ", " + Texts.bytes((long) rate) + "/s, " + Texts.duration((long) ((totalBytes - bytes) / rate))
                + " left";
    }

    /** Prints a line that stays, above the progress. */
    public synchronized void say(String text) {
        clear();
        console.out().println(text);
        shownNanos = System.nanoTime() - INTERVAL_NANOS;
    }

    private void clear() {
        if (console.terminal()) {
            console.err().print(CLEAR);
            console.err().flush();
        }
    }

    /** Removes the line. */
    @Override
    public synchronized void close() {
        clear();
    }
}
