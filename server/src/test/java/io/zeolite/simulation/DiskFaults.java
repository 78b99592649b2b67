package io.zeolite.simulation;

import java.util.random.RandomGenerator;

/** What goes wrong with a simulated disk, and when. */
final class DiskFaults {
    /** Where in an operation the process ends. */
    enum Moment {
        BEFORE,
        WITHIN,
        AFTER
    }

    private static final long NEVER = Long.MAX_VALUE;

    private final RandomGenerator random;
    private long operationsToCrash = NEVER;

    /** How often, in a thousand times, an operation fails. */
    int failingWrites;

    int failingReads;
    int failingForces;

    /** How often, in a hundred times, the system writes dirty sectors back between two operations. */
    int writeBackPercent;

    /** How many failures were injected. */
    long injected;

    DiskFaults(RandomGenerator random) {
        this.random = random;
    }

    /** The {@code operations}-th operation from now ends the process. */
    void crashAfter(long operations) {
        operationsToCrash = operations;
    }

    void none() {
        operationsToCrash = NEVER;
        failingWrites = 0;
        failingReads = 0;
        failingForces = 0;
    }

    /** Counts an operation; whether it is the one that ends the process. */
    boolean crashesNow() {
        if (operationsToCrash == NEVER || --operationsToCrash > 0) {
            return false;
        }
        operationsToCrash = NEVER;
        return true;
    }

    Moment moment() {
        return Moment.values()[random.nextInt(Moment.values().length)];
    }

    boolean happens(int perThousand) {
        boolean fails = perThousand > 0 && random.nextInt(1000) < perThousand;
        if (fails) {
            injected++;
        }
        return fails;
    }
}
