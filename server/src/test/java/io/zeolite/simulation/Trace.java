package io.zeolite.simulation;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a run, in order: a hash of all of it, which two runs of one seed must share, how often each thing
 * happened, and the text for whoever replays a seed.
 */
final class Trace {
    private final @Nullable PrintStream out;
    private final Map<String, Integer> counts = new HashMap<>();
    private long hash = 1;
    private long events;

    private Trace(@Nullable PrintStream out) {
        this.out = out;
    }

    /** A trace that nobody reads. */
    static Trace none() {
        return new Trace(null);
    }

    static Trace printing(PrintStream out) {
        return new Trace(out);
    }

    /** @param details numbers and strings only: what they hash to must not differ between runs */
    void add(String event, Object... details) {
        events++;
        counts.merge(event, 1, Integer::sum);
        hash = hash * 31 + event.hashCode();
        for (Object detail : details) {
            hash = hash * 31 + detail.hashCode();
        }
        if (out != null) {
            StringJoiner line = new StringJoiner(" ");
            for (Object detail : details) {
                line.add(detail instanceof Long number && number >> 40 != 0 ? Long.toHexString(number) : "" + detail);
            }
            out.printf("%7d  %-16s %s%n", events, event, line);
        }
    }

    long hash() {
        return hash;
    }

    /** How often each event happened. */
    Map<String, Integer> counts() {
        return counts;
    }
}
