package io.zeolite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.zeolite.error.PosKeyException;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.memory.MemoryLog;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class MemoryLogContractTest extends TransactionLogContract {
    @Override
    TransactionLog newLog() {
        return new MemoryLog("Mapping Storage");
    }

    @Test
    void size_countsAsPythonDoes() throws IOException {
        MemoryLog log = new MemoryLog("m");
        Logs.commit(log, 0x10, TestRecords.of(1, "abc").and(2, "defg"));
        Logs.commit(log, 0x20, TestRecords.of(1, "h").and(1, "ij"));

        assertThat(log.size()).isEqualTo(2 * 50 + 3 * 100 + 3 + 4 + 2);
    }

    @Test
    void loadSerial_noSuchRevision_namesOidAndSerial() throws IOException {
        MemoryLog log = new MemoryLog("m");
        PosKeyException failure = catchThrowableOfType(PosKeyException.class, () -> log.loadSerial(3, 4));

        PyTuple arguments = (PyTuple) failure.detail();
        assertThat(arguments).isEqualTo(PyTuple.of(bytes(3), bytes(4)));
    }

    private static byte[] bytes(long id) {
        return new byte[] {0, 0, 0, 0, 0, 0, 0, (byte) id};
    }
}
