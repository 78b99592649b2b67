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
import java.util.List;
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
    void messagesOf_whatAllClientsAreTold_isOneInstance() throws IOException {
        ServedStorage served = served();
        List<Invalidations> changed =
                List.of(new Invalidations(5, new long[] {1}), new Invalidations(6, new long[] {2}));

        List<Message> messages = served.messagesOf(changed);

        assertThat(messages).hasSize(2);
        assertThat(served.messagesOf(changed)).isSameAs(messages);
    }

    /** A server in front hears of some objects late, and tells of them under the tid of the last transaction. */
    @Test
    void messagesOf_tidThatWasToldOf_hasTheObjectsOfNow() throws IOException {
        ServedStorage served = served();
        served.messagesOf(List.of(new Invalidations(5, new long[] {1})));

        List<Message> late = served.messagesOf(List.of(new Invalidations(5, new long[] {2, 3})));

        assertThat((long[]) ((Message.OneWay) late.get(0)).args().get(1)).containsExactly(2, 3);
    }
}
