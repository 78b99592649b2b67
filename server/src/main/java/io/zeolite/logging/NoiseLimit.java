package io.zeolite.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Marker;

/**
 * Keeps messages that come by the thousand when many clients come and go from filling the disk: of each kind, which is
 * the text before its values are put in, only so many pass in a while. After it one line says how many did not.
 * Guarded by the appender that it belongs to.
 */
final class NoiseLimit {
    /** How many messages pass, and for how long they are counted. */
    record Quota(int messages, Duration time) {}

    static final Quota FIRST = new Quota(50, Duration.ofSeconds(10));

    /** When it has not been quiet since. */
    static final Quota LATER = new Quota(5, Duration.ofMinutes(1));

    private final LongSupplier nanoTime;
    private final Runnable summarize;
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** @param summarize is called, on some thread, when {@link #summaries} has something to say */
    NoiseLimit(LongSupplier nanoTime, Runnable summarize) {
        this.nanoTime = nanoTime;
        this.summarize = summarize;
    }

    /** What there was of one kind of message since a moment. */
    private static final class Kind {
        final Quota quota;
        final long since;
        int passed;
        long heldBack;
        Level level = Level.INFO;
        String logger = "";

        Kind(Quota quota, long since) {
            this.quota = quota;
            this.since = since;
        }

        boolean isOver(long now) {
            return now - since >= quota.time().toNanos();
        }
    }

    boolean admits(ILoggingEvent event) {
        List<Marker> markers = event.getMarkerList();
        if (markers == null || !markers.contains(Logging.NOISE)) {
            return true;
        }
        long now = nanoTime.getAsLong();
        Kind kind = kinds.get(event.getMessage());
        if (kind == null || (kind.heldBack == 0 && kind.isOver(now))) {
            kind = new Kind(FIRST, now);
            kinds.put(event.getMessage(), kind);
        }
        if (kind.passed < kind.quota.messages()) {
            kind.passed++;
            return true;
        }
        if (kind.heldBack++ == 0) {
            kind.level = event.getLevel();
            kind.logger = event.getLoggerName();
            long rest = kind.since + kind.quota.time().toNanos() - now;
            CompletableFuture.delayedExecutor(rest, TimeUnit.NANOSECONDS).execute(summarize);
        }
        return false;
    }

    /** A line for each kind of message of which some were held back, which are counted anew from now on. */
    List<ILoggingEvent> summaries() {
        long now = nanoTime.getAsLong();
        List<ILoggingEvent> summaries = new ArrayList<>();
        kinds.replaceAll((message, kind) -> {
            if (kind.heldBack == 0) {
                return kind;
            }
            summaries.add(summary(message, kind, now));
            return new Kind(LATER, now);
        });
        return summaries;
    }

    private static ILoggingEvent summary(String message, Kind kind, long now) {
        LoggingEvent summary = new LoggingEvent();
        summary.setTimeStamp(System.currentTimeMillis());
        summary.setThreadName(Thread.currentThread().getName());
        summary.setLoggerName(kind.logger);
        summary.setLevel(kind.level);
        long seconds = TimeUnit.NANOSECONDS.toSeconds(now - kind.since);
        summary.setMessage(
                kind.heldBack + " more messages like this in " + seconds + " s: " + message.replace("{}", "..."));
        return summary;
    }
}
