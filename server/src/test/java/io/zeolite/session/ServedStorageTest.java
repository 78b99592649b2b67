package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.message.Message;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.memory.MemoryLog;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

class ServedStorageTest {
    private static ServedStorage served() throws IOException {
        LocalStorage storage = LocalStorage.open(
                new MemoryLog("test"),
                null,
                new CommitContext(
                        Runnable::run, Runnable::run, InstantSource.system(), new NoTimeouts(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                    throw new IOException("nothing should be spilled");
                }));
        return new ServedStorage("1", storage, false, Duration.ZERO, Instant.EPOCH);
    }

    @Test
    void messageOf_whatAllClientsAreTold_isOneInstance() throws IOException {
        ServedStorage served = served();
        Invalidations changed = new Invalidations(5, new long[] {1});

        assertThat(served.messageOf(changed)).isSameAs(served.messageOf(changed));
    }

    /** A server in front hears of some objects late, and tells of them under the tid of the last transaction. */
    @Test
    void messageOf_tidThatWasToldOf_hasTheObjectsOfNow() throws IOException {
        ServedStorage served = served();
        served.messageOf(new Invalidations(5, new long[] {1}));

        Message.OneWay late = (Message.OneWay) served.messageOf(new Invalidations(5, new long[] {2, 3}));

        assertThat((long[]) late.args().get(1)).containsExactly(2, 3);
    }
}
