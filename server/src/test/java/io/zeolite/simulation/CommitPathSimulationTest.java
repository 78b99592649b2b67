package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.logging.SilentLog;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** See the description of the package on how to replay a seed and read its trace. */
@ExtendWith(SilentLog.class)
class CommitPathSimulationTest {
    private static final int DEFAULT_SEEDS = 3000;
    private final Map<String, Integer> counts = new TreeMap<>();

    /** The first half of the seeds is always the same, the other half is new each time. */
    @Test
    void commitPath_manySeeds_keepsItsPromises() throws IOException {
        Long one = Long.getLong("simulation.seed");
        if (one != null) {
            new Simulation(one, Trace.printing(System.out)).run();
            return;
        }
        int seeds = Integer.getInteger("simulation.seeds", DEFAULT_SEEDS);
        Duration atLeast = Duration.ofMinutes(Integer.getInteger("simulation.minutes", 0));
        long base = new SplittableRandom().nextLong(1L << 40);
        long start = System.nanoTime();
        int done = 0;
        while (done < seeds || System.nanoTime() - start < atLeast.toNanos()) {
            run(done < seeds / 2 ? done : base + done);
            done++;
        }
        System.out.printf(
                "simulation: seeds 0 to %d and %d to %d in %d s: %s%n",
                seeds / 2 - 1, base + seeds / 2, base + done - 1, (System.nanoTime() - start) / 1_000_000_000, counts);
        if (done >= DEFAULT_SEEDS) {
            assertThat(counts)
                    .as("everything that can happen has happened")
                    .containsKeys(
                            "crash",
                            "finish failed",
                            "finished",
                            "not opened",
                            "pack failed",
                            "packed",
                            "stuck",
                            "timed out",
                            "vote failed");
        }
    }

    private void run(long seed) {
        Trace trace = Trace.none();
        try {
            new Simulation(seed, trace).run();
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError(
                    "seed " + seed + " failed; to see what happened: mvn -pl server -am test"
                            + " -Dtest=CommitPathSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dsimulation.seed="
                            + seed,
                    e);
        }
        trace.counts().forEach((event, count) -> counts.merge(event, count, Integer::sum));
    }

    @Test
    void run_sameSeed_givesSameTrace() throws IOException {
        for (long seed = 0; seed < 50; seed++) {
            assertThat(hash(seed)).as("seed %s", seed).isEqualTo(hash(seed));
        }
    }

    private static long hash(long seed) throws IOException {
        Trace trace = Trace.none();
        new Simulation(seed, trace).run();
        return trace.hash();
    }
}
