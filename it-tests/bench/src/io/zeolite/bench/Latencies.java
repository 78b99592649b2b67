package io.zeolite.bench;

import java.util.Arrays;
import java.util.Collection;

/** How long each operation of a measurement took. */
final class Latencies {
    private long[] nanos = new long[1 << 16];
    private int count;

    void add(long took) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = took;
    }

    int count() {
        return count;
    }

    /** All entries together, in ascending order. */
    static Latencies sorted(Collection<Latencies> parts) {
        Latencies all = new Latencies();
        for (Latencies part : parts) {
            for (int i = 0; i < part.count; i++) {
                all.add(part.nanos[i]);
            }
        }
        Arrays.sort(all.nanos, 0, all.count);
        return all;
    }

    double meanMicros() {
        return Arrays.stream(nanos, 0, count).average().orElse(0) / 1e3;
    }

    /** The smallest entry that {@code share} of all entries do not exceed; of sorted entries. */
    double quantileMicros(double share) {
        if (count == 0) {
            return 0;
        }
        int rank = (int) Math.ceil(share * count);
        return nanos[Math.max(0, rank - 1)] / 1e3;
    }
}
