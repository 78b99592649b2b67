package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.logging.SilentLog;
import io.zeolite.storage.Logs;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A process is killed while it appends; the next one fails to force the file, so that the system forgets what it has not
 * written; the third opens the file and shows what it finds; then the machine crashes. Random runs come by this once in
 * tens of thousands.
 */
@ExtendWith(SilentLog.class)
class ReopenAfterFailedForceTest {
    @ParameterizedTest
    @ValueSource(ints = {16, 4096})
    void open_afterFailedForce_showsOnlyWhatStays(int sectorBytes) throws IOException {
        // Of sectors of this size some have nothing but records.
        TestRecords records = TestRecords.none();
        for (int oid = 1; sectorBytes == 4096 && oid <= 4; oid++) {
            records.and(oid, "x".repeat(2500));
        }
        int shown = 0;
        for (long seed = 0; seed < 500; seed++) {
            SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(seed), Trace.none(), sectorBytes, () -> {});
            disk.createDirectories(Simulation.DIRECTORY);
            append(disk, records, 1 + (int) (seed % 3), 1 + (int) (seed / 3 % 14));
            failToOpen(disk);
            long visible = lastTransaction(disk);

            disk.crash();

            assertThat(lastTransaction(disk))
                    .as("last transaction, seed %s", seed)
                    .isEqualTo(visible);
            shown += visible == Tid.NONE ? 0 : 1;
        }
        assertThat(shown).as("how often the transaction was seen").isBetween(100, 400);
    }

    private static FileLog open(SimulatedDisk disk) throws IOException {
        return FileLog.open(disk, Simulation.DATA, FileLogOptions.DEFAULT);
    }

    /** Appends a batch of transactions, and is killed at some operation. */
    private static void append(SimulatedDisk disk, TestRecords records, int transactions, int operations)
            throws IOException {
        disk.faults.crashAfter(operations + 8L);
        try (FileLog log = open(disk)) {
            Logs.append(
                    log,
                    LongStream.rangeClosed(1, transactions)
                            .mapToObj(tid -> Logs.transaction(tid, records))
                            .toList(),
                    TransactionLog.BeforeCommit.NOTHING);
        } catch (SimulatedCrash crash) {
            disk.endProcess();
        }
        disk.faults.none();
    }

    private static void failToOpen(SimulatedDisk disk) {
        disk.faults.failingForces = 1000;
        try (FileLog log = open(disk)) {
            throw new AssertionError("opened although nothing can be forced: " + log.info());
        } catch (IOException e) {
            disk.faults.none();
        }
    }

    private static long lastTransaction(SimulatedDisk disk) throws IOException {
        try (FileLog log = open(disk)) {
            return log.lastTransaction();
        }
    }
}
