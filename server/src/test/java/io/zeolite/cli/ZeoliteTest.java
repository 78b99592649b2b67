package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.ServerAddress;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.logging.LogConfig;
import io.zeolite.logging.Logging;
import io.zeolite.logging.RecordedLog;
import io.zeolite.storage.file.DataFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZeoliteTest {
    private static final SocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 34567);
    private static final String CONFIGURATION =
            "<zeo>\naddress 8100\n</zeo>\n<mappingstorage 1/>\n<mappingstorage b/>\n";

    /** The system asks the process to end as soon as it has started. */
    private static final OnShutdown AT_ONCE = Runnable::run;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final FakeServer server = new FakeServer(ADDRESS);

    @AfterEach
    void tearDown() throws IOException {
        Logging.start(LogConfig.DEFAULT);
    }

    @Test
    void zeolite_withoutCommand_helps() {
        assertThat(run(server)).isZero();
        assertThat(out()).startsWith("Usage: zeolite").contains("serve").doesNotContain("archive-training");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-h", "--help"})
    void serve_help_namesEveryOption(String option) {
        assertThat(run(server, "serve", option)).isZero();
        assertThat(out())
                .startsWith("Usage: zeolite serve")
                .contains("-C", "--configure", "-a", "-f", "-t", "--pid-file", "--address-file", "127.0.0.1:8100");
        assertThat(server.config).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "check",
                "dump",
                "log",
                "recover",
                "status",
                "pack",
                "undo-log",
                "archive-blobs",
                "restore-blobs",
                "verify-blobs"
            })
    void tool_help_namesItAndItsOptions(String tool) {
        assertThat(run(server, tool, "--help")).isZero();
        assertThat(out()).startsWith("Usage: zeolite " + tool).contains("--json");
        assertThat(run(server)).isZero();
        assertThat(out()).contains("  " + tool + " ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "3 | check                      | Missing required parameter: 'PATH'",
                "3 | check no.fs                | no such file or directory: no.fs",
                "1 | dump no.fs                 | no such file or directory: no.fs",
                "2 | dump no.fs --oid x         | --oid: \"x\" (expected: an object id in hex, like 0x1f)",
                "2 | log no.fs --since today    | --since: \"today\" (expected: a tid in hex, a date",
                "1 | log no.fs --since 2026-01-31 --until 2026-01-31T12:00 | no such file or directory: no.fs",
                "2 | log no.fs -n 0             | --limit: 0 (expected: 1 or more)",
                "2 | recover no.fs              | Missing required parameter: 'OUTPUT'",
                "1 | recover no.fs out.fs       | no such file or directory: no.fs",
                "3 | status x:y                 | address: \"x:y\" (expected: HOST:PORT",
                "3 | status 8100 --timeout 0    | --timeout: 0.0 (expected: seconds, more than 0)",
                "3 | status 8100 --max-waiting a,b | --max-waiting: \"a,b\" (expected: a number",
                "3 | status 8100 --nagios --json | --nagios and --json are both given",
                "3 | status 8100 -u years       | --time-units: \"years\" (expected: seconds, minutes, hours or days)",
                "2 | pack 8100 --days -1        | --days: -1 (expected: 0 or more)",
                "2 | pack 8100 --time 25:00     | --time: \"25:00\" (expected: HH, HH:MM or HH:MM:SS)",
                "2 | pack 8100 --wait --no-wait | --wait and --no-wait are both given",
                "2 | pack 8100 --key k.pem      | --key is given without --certificate",
                "2 | undo-log 8100 --skip -1    | --skip: -1 (expected: 0 or more)",
                "2 | archive-blobs -d           | Missing required option: '--configure=FILE'",
                "2 | archive-blobs -C no.conf   | no.conf",
                "2 | archive-blobs -C c -a -1   | --age: -1.0 (expected: days, 0 or more)",
                "2 | archive-blobs -C c -s 2XB  | --size: \"2XB\" (expected: bytes, like 2000000 or 2MB)",
                "2 | archive-blobs -C c --rate x | --rate: \"x\" (expected: bytes",
                "2 | archive-blobs -C c --parallel 0 | --parallel: 0 (expected: 1 to 256)",
                "2 | archive-blobs -C c -d -b   | --destroy and --backup are both given",
                "2 | restore-blobs -C c --limit 0 | --limit: 0 (expected: 1 or more)",
                "3 | verify-blobs -C c --show -1 | --show: -1 (expected: 0 or more)",
                "2 | gc-bucket -C c --grace -1  | --grace: -1 (expected: 0 or more)",
                "2 | mirror-blobs -C c          | Missing required option: '--to=TARGET'",
            })
    void tool_mistake_isSaidWithItsStatus(int status, String arguments, String message) {
        assertThat(run(server, arguments.split(" +"))).isEqualTo(status);
        assertThat(err()).startsWith("zeolite: ").contains(message);
    }

    @ParameterizedTest
    @CsvSource({"check, 3", "dump, 1"})
    void tool_bug_isSaidWithItsStatusAndTrace(String tool, int status) throws IOException {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) {
                throw new IllegalStateException("a bug");
            }
        };
        assertThat(run(broken, tool)).isEqualTo(status);
        assertThat(err()).startsWith("zeolite: " + tool + " failed: java.lang.IllegalStateException: a bug\n\tat ");
    }

    @ParameterizedTest
    @CsvSource({"check, 3", "dump, 1", "log, 1"})
    void tool_outputThatCannotBeWritten_isAFailure(String tool, int status) throws IOException {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        assertThat(run(full, tool)).isEqualTo(status);
        assertThat(err()).isEqualTo("zeolite: cannot write the output\n");
    }

    /** Runs a tool on a good file. */
    private int run(OutputStream output, String tool) throws IOException {
        DataFile data = new DataFile().transaction(1).store(0, "N.N.").finish();
        String path = data.writeTo(directory.resolve("Data.fs")).toString();
        return new Zeolite(
                        server,
                        new ConfigEnvironment(Map.of(), directory),
                        new PrintStream(output, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        AT_ONCE)
                .run(tool, path);
    }

    @Test
    void zeolite_version_isOneLine() {
        assertThat(run(server, "--version")).isZero();
        assertThat(out()).matches("zeolite \\S+\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "serve --frob   | zeolite: Unknown option: '--frob';Try 'zeolite serve --help'.",
                "serve x        | zeolite: Unmatched argument at index 1: 'x';Try 'zeolite serve --help'.",
                "serve -C       | zeolite: Missing required parameter for option '--configure' (FILE);Try 'zeolite serve"
                        + " --help'.",
                "frob           | zeolite: Unmatched argument at index 0: 'frob';Try 'zeolite --help'.",
                "serve -C no.conf | zeolite: DIR/no.conf: no such file: DIR/no.conf (expected a configuration file)",
                "serve -a x:y   | zeolite: --address: address: \"x:y\" (expected PORT, HOST:PORT, or a path with a /)",
            })
    void zeolite_mistakeOfTheUser_isALineAndStatus2(String arguments, String message) {
        assertThat(run(server, arguments.split(" ", -1))).isEqualTo(2);
        assertThat(err()).isEqualTo(message.replace(";", "\n").replace("DIR", directory.toString()) + "\n");
        assertThat(out()).isEmpty();
        assertThat(server.config).isNull();
    }

    static Stream<IOException> failures() {
        return Stream.of(
                new BindException("127.0.0.1:8100: Address already in use"),
                new NoSuchFileException("var/Data.fs"),
                new NoSuchFileException("var/Data.fs", null, "it is a link to nothing"),
                new AccessDeniedException("var/Data.fs"));
    }

    @Test
    void serve_startFails_isALineAndStatus1() {
        failures().forEach(failure -> assertThat(run(
                        config -> {
                            throw failure;
                        },
                        "serve"))
                .isEqualTo(1));
        assertThat(err()).isEqualTo("""
                        zeolite: 127.0.0.1:8100: Address already in use
                        zeolite: no such file or directory: var/Data.fs
                        zeolite: var/Data.fs: it is a link to nothing
                        zeolite: permission denied: var/Data.fs
                        """);
    }

    @Test
    void serve_nothingElse_makesVarAndSaysHowToConnect() {
        assertThat(run(server, "serve")).isZero();

        assertThat(directory.resolve("var")).isDirectory();
        assertThat(config().zeo().address()).isEqualTo(new ServerAddress.Tcp("127.0.0.1", 8100));
        assertThat(out()).isEqualTo("""
                        Zeolite serves on 127.0.0.1:34567, stop it with Ctrl-C:
                          storage 1: DIR/var/Data.fs, blobs in DIR/var/blobs

                        in zope.conf:
                          <zeoclient>
                            server 127.0.0.1:34567
                            storage 1
                            blob-dir var/blobcache
                          </zeoclient>

                        in Python:
                          import ZEO
                          db = ZEO.DB(('127.0.0.1', 34567), blob_dir='blobcache')

                        """.replace("DIR", directory.toString()));
        assertThat(server.isStopped()).isTrue();
    }

    @Test
    void serve_configuration_isReadAndToldInALine() throws Exception {
        Files.writeString(directory.resolve("zeo.conf"), CONFIGURATION);

        assertThat(run(server, "serve", "-C", "zeo.conf", "-t", "1.5")).isZero();
        assertThat(out()).isEqualTo("zeolite: serving storages 1, b on 127.0.0.1:34567\n");
        assertThat(config().zeo().transactionTimeout()).isEqualTo(Duration.ofMillis(1500));
        assertThat(directory.resolve("var")).doesNotExist();
    }

    @Test
    void serve_configurationThatAsksForWhatTheServerLacks_isWarnedOf() throws Exception {
        Files.writeString(directory.resolve("zeo.conf"), CONFIGURATION + "<runner>\numask 027\n</runner>\n");

        try (RecordedLog log = new RecordedLog("ZEO.runzeo")) {
            assertThat(run(server, "serve", "-C", "zeo.conf")).isZero();
            assertThat(log.lines())
                    .anySatisfy(line -> assertThat(line).startsWith("WARNING ").contains("UMask="));
        }
    }

    @Test
    void serve_optionsOfRunzeo_areTaken() {
        assertThat(run(server, "serve", "-a./sock", "-f", "a.fs", "--filename=b.fs", "--pid-file", "p"))
                .isZero();
        assertThat(config().zeo().address()).isEqualTo(new ServerAddress.Unix("./sock"));
        assertThat(config().storages()).extracting(NamedStorage::name).containsExactly("1", "2");
        assertThat(config().zeo().pidFile()).isEqualTo(directory.resolve("p"));
    }

    @Test
    void serve_addressFile_isJson() throws Exception {
        run(server, "serve", "--address-file", "tcp");
        run(new FakeServer(new InetSocketAddress(1)), "serve", "--address-file", "any");
        run(new FakeServer(UnixDomainSocketAddress.of("./s\"ck")), "serve", "--address-file", "unix");

        assertThat(directory.resolve("tcp")).hasContent("[\"127.0.0.1\", 34567]");
        assertThat(directory.resolve("any")).hasContent("[\"0.0.0.0\", 1]");
        assertThat(directory.resolve("unix")).hasContent("\"./s\\\"ck\"");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("tcp", "any", "unix", "var");
        }
    }

    @Test
    void serve_addressFileThatCannotBeWritten_stopsTheServer() {
        assertThat(run(server, "serve", "--address-file", "no/address")).isEqualTo(1);
        assertThat(err()).startsWith("zeolite: no such file or directory: ").endsWith("no/address.tmp\n");
        assertThat(server.isStopped()).isTrue();
    }

    @Test
    void serve_pidFile_isThereWhileItRuns() throws Exception {
        Path file = directory.resolve("zeo.pid");
        String pid = ProcessHandle.current().pid() + "\n";
        RunningServer looking = new RunningServer() {
            @Override
            public SocketAddress address() {
                return ADDRESS;
            }

            @Override
            public void stop() {
                // Nothing runs.
            }

            @Override
            public void awaitStop() {
                assertThat(file).hasContent(pid);
            }
        };

        assertThat(run(config -> looking, "serve", "--pid-file", "zeo.pid")).isZero();
        assertThat(file).doesNotExist();
    }

    @Test
    void serve_pidFile_isThereWhileTheStoragesAreOpened() throws Exception {
        Path file = directory.resolve("zeo.pid");
        // No process has this id; and the file cannot be written, only replaced.
        Files.writeString(file, Integer.MAX_VALUE + "\n");
        assertThat(file.toFile().setReadOnly()).isTrue();

        assertThat(run(
                        config -> {
                            assertThat(file).hasContent(ProcessHandle.current().pid() + "\n");
                            throw new IOException("it cannot be opened");
                        },
                        "serve",
                        "--pid-file",
                        "zeo.pid"))
                .isEqualTo(1);
        assertThat(file).doesNotExist();
    }

    @Test
    void serve_besideAServerThatRuns_leavesItsPidFile() throws Exception {
        Path file = directory.resolve("zeo.pid");
        Files.writeString(file, "1\n");

        assertThat(run(
                        config -> {
                            throw new IOException("locked");
                        },
                        "serve",
                        "--pid-file",
                        "zeo.pid"))
                .isEqualTo(1);
        assertThat(file).hasContent("1\n");
        assertThat(run(server, "serve", "--pid-file", "zeo.pid")).isZero();
        assertThat(file).doesNotExist();
    }

    @Test
    void serve_pidFileOfAnotherServer_isLeftAlone() throws Exception {
        Path file = directory.resolve("zeo.pid");
        try (PidFile pidFile = new PidFile(file)) {
            pidFile.write();
            Files.writeString(file, "1\n");
        }
        assertThat(file).hasContent("1");
    }

    @Test
    void serve_serverThatStopsByItself_isAFailure() {
        server.stop();

        assertThat(run(server, stop -> {}, "serve")).isEqualTo(1);
        assertThat(err()).isEqualTo("zeolite: the server has stopped by itself; its log says why\n");
    }

    @Test
    void serve_unixSocket_isToldAsAbsolutePath() {
        run(new FakeServer(UnixDomainSocketAddress.of("./sock")), "serve", "-a", "./sock", "-f", "Data.fs");

        Path socket = Path.of("sock").toAbsolutePath();
        assertThat(out())
                .contains("server " + socket + "\n", "ZEO.DB('" + socket + "')\n")
                .doesNotContain("blob_dir", "blob-dir", "blobs in");
    }

    @Test
    void serve_allInterfaces_isToldWithAnAddressToConnectTo() {
        run(new FakeServer(new InetSocketAddress(8100)), "serve", "-a", "8100");

        assertThat(out())
                .startsWith("Zeolite serves on port 8100 of all interfaces, stop it with Ctrl-C:\n")
                .contains("server 127.0.0.1:8100\n", "ZEO.DB(('127.0.0.1', 8100), ");
    }

    @Test
    void serve_argumentThatStartsWithAt_isNoFileOfArguments() {
        assertThat(run(server, "serve", "-f", "@x")).isZero();
        assertThat(config().storages())
                .extracting(NamedStorage::storage)
                .extracting("path")
                .containsExactly(directory.resolve("@x"));
    }

    @Test
    void archiveTraining_withoutAServerThatAnswers_fails() {
        assertThat(run(server, "archive-training")).isEqualTo(1);
        assertThat(server.isStopped()).isTrue();
    }

    private int run(ServerLauncher launcher, String... arguments) {
        return run(launcher, AT_ONCE, arguments);
    }

    private int run(ServerLauncher launcher, OnShutdown onShutdown, String... arguments) {
        return new Zeolite(
                        launcher,
                        new ConfigEnvironment(Map.of(), directory),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        onShutdown)
                .run(arguments);
    }

    private ServerConfig config() {
        return Objects.requireNonNull(server.config);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
