package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.client.connection.Done;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class LoadsTest {
    /** What has come into the cache between the caller's look and the event loop's. */
    @Test
    void loadsOfMany_thatTheCacheAnswersAtOnce_allComplete() throws IOException {
        // Nobody is asked: it does not connect.
        ClientCore core = ClientCore.prepare(
                ZeoClientOptions.builder().address("localhost", 1).build(), RelayListener.NONE);
        long[] oids = LongStream.range(0, 100_000).toArray();
        for (long oid : oids) {
            core.cache().put(oid, 1, Tid.NONE, new byte[0]);
        }
        Loads loads = new Loads(core.cache(), core.link());
        assertThat(loads.new Bulk(oids, Tid.MAX, new Revision[oids.length]).start())
                .isCompleted();
        core.close();
    }

    @Test
    void load_thatIsLookedForSeveralTimes_isOneMiss() throws IOException {
        // It does not connect.
        ClientCore core = ClientCore.prepare(
                ZeoClientOptions.builder().address("localhost", 1).build(), RelayListener.NONE);
        assertThat(core.cached(7, Tid.MAX)).isNull();
        core.load(7, Tid.MAX);
        core.loadAll(new long[] {8, 9}, Tid.MAX);
        core.onLoop(Done::future).join();
        assertThat(core.cache().statistics().misses()).isEqualTo(3);
        core.cache().put(7, 1, Tid.NONE, new byte[0]);
        assertThat(core.load(7, Tid.MAX)).isCompleted();
        assertThat(core.cache().statistics().hitRate()).isEqualTo(0.25);
        core.close();
    }
}
