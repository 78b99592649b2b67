package io.zeolite.tool.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.disk.FaultyDisk;
import io.zeolite.session.ServedStorage;
import io.zeolite.session.SessionSettings;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import io.zeolite.transport.TransportSettings;
import io.zeolite.transport.ZeoServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StatusTest {
    private static final Duration PATIENT = Duration.ofSeconds(30);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final FaultyDisk disk = new FaultyDisk();

    @Test
    void storageThatHasFailed_isCriticalAndSaysWhy() throws Exception {
        FileLog log = FileLog.open(disk, directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        Logs.commit(log, 0x10, TestRecords.of(1, "A"));
        try (Storage storage = serve(log);
                ZeoServer server = listen(storage)) {
            ToolOutput healthy = new ToolOutput();
            assertThat(status(server, Status.Form.TEXT, healthy)).isEqualTo(ExitStatus.OK);
            assertThat(healthy.lines()).first().isEqualTo("OK");

            disk.failOnce(1);
            assertThatThrownBy(() -> Logs.commit(log, 0x20, TestRecords.of(1, "B")));

            ToolOutput failed = new ToolOutput();
            assertThat(status(server, Status.Form.TEXT, failed)).isEqualTo(ExitStatus.CRITICAL);
            assertThat(failed.lines())
                    .first()
                    .asString()
                    .startsWith("CRITICAL: storage 1 has failed: " + directory.resolve("Data.fs"))
                    .contains("takes no transactions until it is opened anew", "injected: force");
            ToolOutput forMonitors = new ToolOutput();
            assertThat(status(server, Status.Form.NAGIOS, forMonitors)).isEqualTo(ExitStatus.CRITICAL);
            assertThat(forMonitors.lines()).first().asString().startsWith("storage 1 has failed: ");
        }
    }

    @Test
    void ratesFileThatCannotBeWritten_isAWarningAndHidesNothing() throws Exception {
        Path file = directory.resolve("missing/rates");
        FileLog log = FileLog.open(disk, directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        Logs.commit(log, 0x10, TestRecords.of(1, "A"));
        try (Storage storage = serve(log);
                ZeoServer server = listen(storage)) {
            ToolOutput healthy = new ToolOutput();
            assertThat(status(server, Status.Form.TEXT, file, healthy)).isEqualTo(ExitStatus.WARNING);
            assertThat(healthy.lines())
                    .first()
                    .asString()
                    .startsWith("WARNING: cannot keep counters in " + file + ": ");

            disk.failOnce(1);
            assertThatThrownBy(() -> Logs.commit(log, 0x20, TestRecords.of(1, "B")));

            ToolOutput failed = new ToolOutput();
            assertThat(status(server, Status.Form.TEXT, file, failed)).isEqualTo(ExitStatus.CRITICAL);
            assertThat(failed.lines()).first().asString().startsWith("CRITICAL: storage 1 has failed: ");
        }
    }

    @Test
    void ratesFileThatIsEmpty_isBegunAnew() throws Exception {
        Path file = Files.createFile(directory.resolve("rates"));
        FileLog log = FileLog.open(disk, directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        Logs.commit(log, 0x10, TestRecords.of(1, "A"));
        try (Storage storage = serve(log);
                ZeoServer server = listen(storage)) {
            ToolOutput first = new ToolOutput();
            assertThat(status(server, Status.Form.JSON, file, first)).isEqualTo(ExitStatus.OK);
            assertThat(first.json().get("rates")).isEqualTo(Map.of());
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));

            ToolOutput second = new ToolOutput();
            assertThat(status(server, Status.Form.JSON, file, second)).isEqualTo(ExitStatus.OK);
            assertThat((Map<?, ?>) second.json().get("rates")).hasSize(1);
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).noneMatch(left -> left.toString().endsWith(".new"));
        }
    }

    private static Storage serve(FileLog log) throws IOException {
        SpillFiles noSpills = () -> {
            throw new IOException("no spills in this test");
        };
        return LocalStorage.open(
                log,
                null,
                new CommitContext(
                        Runnable::run, Runnable::run, InstantSource.system(), new NoTimeouts(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, noSpills));
    }

    private static ZeoServer listen(Storage storage) throws IOException {
        ServedStorage served = new ServedStorage("1", storage, false, Duration.ZERO, Instant.EPOCH);
        return ZeoServer.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new TransportSettings(false, 1 << 20, 1 << 20, PATIENT, PATIENT, 1),
                null,
                new SessionSettings(Map.of("1", served), Runnable::run, 1 << 20));
    }

    private static int status(ZeoServer server, Status.Form form, ToolOutput output) throws IOException {
        return status(server, form, null, output);
    }

    private static int status(ZeoServer server, Status.Form form, @Nullable Path ratesFile, ToolOutput output)
            throws IOException {
        return new Status(
                        new Server("server", server.address(), PATIENT, ConnectionOptions.DEFAULT),
                        new Status.Options(form, Map.of(), ratesFile, Duration.ofMinutes(1)),
                        output.console())
                .run();
    }
}
