package io.zeolite.bench.micro;

import io.zeolite.storage.index.PositionIndex;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The index of a million objects: a lookup, and the change of an entry as a commit publishes it. */
@State(Scope.Benchmark)
public class Index {
    private static final int OBJECTS = 1_000_000;

    private final PositionIndex index = new PositionIndex();
    private final SplittableRandom random = new SplittableRandom(1);
    private long position = 4;

    public Index() {
        for (int oid = 0; oid < OBJECTS; oid++) {
            index.put(oid, next());
        }
    }

    private long next() {
        position += 500;
        return position;
    }

    @Benchmark
    public long lookup() {
        return index.get(random.nextInt(OBJECTS));
    }

    @Benchmark
    public void publish() {
        index.put(random.nextInt(OBJECTS), next() % PositionIndex.POSITION_LIMIT);
    }
}
