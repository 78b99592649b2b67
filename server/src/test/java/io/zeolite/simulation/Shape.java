package io.zeolite.simulation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * What a run is like, as its seed has it: how many clients fight for how few objects, how much interleaving there is, and
 * the settings of the storage. Each extreme is drawn often, since that is where bugs are.
 *
 * @param preemptPercent how often others run before an operation on the disk
 * @param committerWeight how often the committer runs, in comparison with a client's 2
 * @param packPercent how often a client that may do anything packs the storage
 * @param largeDataPercent how many records are larger than what is staged in memory
 */
record Shape(
        int clients,
        int oids,
        int sectorBytes,
        int preemptPercent,
        int committerWeight,
        int ioWeight,
        int queueSize,
        Duration queueAge,
        long stagingMemoryBytes,
        Duration timeout,
        int largeDataPercent,
        int writeBackPercent,
        long indexSaveInterval,
        int packPercent,
        boolean packKeepsOld) {

    static Shape draw(RandomGenerator random) {
        return new Shape(
                1 + random.nextInt(6),
                1 + random.nextInt(6),
                pick(random, 16, 64, 512, 4096),
                pick(random, 0, 10, 40),
                pick(random, 1, 2, 10),
                pick(random, 1, 2, 10),
                pick(random, 1, 3, 100),
                random.nextBoolean() ? Duration.ZERO : Duration.ofDays(1000),
                pick(random, 1, 200, 100_000),
                random.nextInt(3) == 0 ? Duration.ofMillis(1 + random.nextInt(20)) : Duration.ofSeconds(30),
                pick(random, 0, 5, 20),
                pick(random, 0, 5, 30),
                pick(random, 1, 10, 100_000),
                pick(random, 0, 2, 10),
                random.nextBoolean());
    }

    /**
     * Whether the storage is packed now and then. Nothing is undone or deleted in such a run: what of that is left
     * depends on when exactly it was packed, which the history does not know.
     */
    boolean isPacked() {
        return packPercent > 0;
    }

    private static int pick(RandomGenerator random, int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** One of the objects that all clients fight for. */
    long anyOid(RandomGenerator random) {
        return random.nextInt(oids);
    }

    /** A record that says who wrote it, as far as there is room. */
    byte[] data(RandomGenerator random, String writer) {
        int length = random.nextInt(100) < largeDataPercent ? 500 + random.nextInt(9000) : 1 + random.nextInt(60);
        byte[] data = new byte[length];
        // Enough noise that no two records are alike, and that a sector of one is not taken for one of another.
        byte[] noise = new byte[8];
        random.nextBytes(noise);
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (noise[i % noise.length] + i / noise.length);
        }
        byte[] name = writer.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(name, 0, data, 0, Math.min(name.length, length));
        return data;
    }
}
