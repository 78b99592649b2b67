package io.zeolite.storage;

import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

final class FileLogContractTest extends TransactionLogContract {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @Override
    TransactionLog newLog() throws IOException {
        return FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
    }
}
