package io.zeolite.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.StorageConfig.BlobStorage;
import io.zeolite.config.StorageConfig.FileStorage;
import io.zeolite.config.StorageConfig.MappingStorage;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.logging.LogConfig;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerConfigTest {
    private static final String ZEO = "<zeo>\naddress 8100\n</zeo>\n";
    private static final String MAPPING = "<mappingstorage/>\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ConfigText text;

    @BeforeEach
    void setUp() {
        text = new ConfigText(directory);
    }

    @Test
    void load_leastOfAll_hasAllDefaults() throws Exception {
        ServerConfig config = text.read(ZEO + "<filestorage>\npath Data.fs\n</filestorage>");

        assertThat(config.zeo())
                .isEqualTo(new ZeoConfig(
                        new ServerAddress.Tcp("", 8100),
                        false,
                        false,
                        100,
                        null,
                        Duration.ofSeconds(30),
                        null,
                        100 << 20,
                        100L << 30,
                        16L << 20,
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(30),
                        4L << 20,
                        0,
                        Duration.ofSeconds(5),
                        1_000_000,
                        null));
        assertThat(config.storages())
                .containsExactly(new NamedStorage(
                        "1", new FileStorage(directory.resolve("Data.fs"), null, false, false, null, true, true)));
        assertThat(config.log()).isSameAs(LogConfig.DEFAULT);
        assertThat(config.notices()).isEmpty();
    }

    @Test
    void load_everyKeyOfZeo_isRead() throws Exception {
        ServerConfig config = text.read("""
                <zeo>
                  address ./sock
                  read-only yes
                  MSGPACK on
                  invalidation-queue-size 5
                  invalidation-age 100.5
                  transaction-timeout 0
                  client-conflict-resolution true
                  pid-filename zeo.pid
                  max-message-size 1MB
                  max-staged-size 2gb
                  client-buffer-limit 65536
                  client-stall-timeout 2m
                  handshake-timeout 1h
                  staging-memory 0
                  io-threads 3
                  drain-timeout 1d
                  index-save-interval 7
                </zeo>
                """ + MAPPING);

        assertThat(config.zeo())
                .isEqualTo(new ZeoConfig(
                        new ServerAddress.Unix("./sock"),
                        true,
                        true,
                        5,
                        Duration.ofMillis(100_500),
                        Duration.ZERO,
                        directory.resolve("zeo.pid"),
                        1 << 20,
                        2L << 30,
                        65536,
                        Duration.ofMinutes(2),
                        Duration.ofHours(1),
                        0,
                        3,
                        Duration.ofDays(1),
                        7,
                        null));
    }

    @Test
    void load_storages_haveTheirKeysAndNames() throws Exception {
        ServerConfig config = text.read(ZEO + """
                <filestorage Main>
                  path ~/Data.fs
                  blob-dir
                  create true
                  read-only true
                  quota 10 MB
                  pack-gc no
                  pack-keep-old off
                </filestorage>
                <blobstorage blobs>
                  blob-dir b
                  <filestorage main>
                    path x.fs
                  </filestorage>
                </blobstorage>
                <mappingstorage>
                  name In Memory
                </mappingstorage>
                """.replace("~", directory.toString()));

        assertThat(config.storages())
                .containsExactly(
                        new NamedStorage(
                                "main",
                                new FileStorage(
                                        directory.resolve("Data.fs"), null, true, true, 10L << 20, false, false)),
                        new NamedStorage(
                                "blobs",
                                new BlobStorage(
                                        directory.resolve("b"),
                                        new FileStorage(
                                                directory.resolve("x.fs"), null, false, false, null, true, true),
                                        true)),
                        new NamedStorage("1", new MappingStorage("In Memory")));
    }

    @Test
    void load_syncBlobs_isYesUnlessTheStorageOfTheBlobsSaysNo() throws Exception {
        ServerConfig config = text.read(ZEO + """
                <filestorage a>
                  path ~/a.fs
                  blob-dir ~/a
                </filestorage>
                <filestorage b>
                  path ~/b.fs
                  blob-dir ~/b
                  sync-blobs off
                </filestorage>
                <blobstorage c>
                  blob-dir ~/c
                  sync-blobs false
                  <filestorage>
                    path ~/c.fs
                  </filestorage>
                </blobstorage>
                """.replace("~", directory.toString()));

        assertThat(config.storages())
                .extracting(NamedStorage::storage)
                .extracting("syncBlobs")
                .containsExactly(true, false, false);
    }

    @Test
    void load_mapData_isYesUnlessToldOtherwise() throws Exception {
        ServerConfig config = text.read(ZEO + """
                <filestorage a>
                  path ~/a.fs
                </filestorage>
                <filestorage b>
                  path ~/b.fs
                  map-data no
                </filestorage>
                """.replace("~", directory.toString()));

        assertThat(config.storages())
                .extracting(NamedStorage::storage)
                .extracting("mapData")
                .containsExactly(true, false);
    }

    @Test
    void load_homeDirectory_isExpanded() throws Exception {
        text.variables.put("HOME", directory.toString());
        ServerConfig config = text.read(ZEO + "<filestorage>\npath ~/Data.fs\n</filestorage>");

        assertThat(config.storages().get(0).storage()).extracting("path").isEqualTo(directory.resolve("Data.fs"));
    }

    @Test
    void load_environment_givesMsgpackAndPidFile() throws Exception {
        text.variables.put("ZEO_MSGPACK", "1");
        text.variables.put("INSTANCE_HOME", "/srv/zeo");

        assertThat(text.read(ZEO + MAPPING).zeo().msgpack()).isTrue();
        assertThat(text.read(ZEO + MAPPING).zeo().pidFile()).isEqualTo(Path.of("/srv/zeo/var/ZEO.pid"));
        String off = "<zeo>\naddress 1\nmsgpack false\npid-filename p\n</zeo>\n";
        assertThat(text.read(off + MAPPING).zeo().msgpack()).isFalse();
        assertThat(text.read(off + MAPPING).zeo().pidFile()).isEqualTo(directory.resolve("p"));
    }

    @Test
    void load_runnerAndOthers_giveNotices() throws Exception {
        ServerConfig config = text.read("""
                %import ZEO
                <zeo>
                  address 8100
                  client-conflict-resolution false
                </zeo>
                <mappingstorage/>
                <runner>
                  program what ever
                </runner>
                <eventlog>
                  <logfile>
                    path z.log
                    formatter zope.exceptions.log.Formatter
                  </logfile>
                </eventlog>
                """);

        assertThat(config.warnings()).isEmpty();
        assertThat(config.notices())
                .extracting(notice -> notice.substring(directory.toString().length() + 1))
                .containsExactly(
                        "zeo.conf:4: client-conflict-resolution is always on: resolving a conflict runs Python code,"
                                + " which clients have and this server has not",
                        "zeo.conf:13: formatter is ignored: it names Python code",
                        "zeo.conf:7: <runner> is ignored: it is for zdaemon, which is not needed here");
    }

    @Test
    void load_runnerThatSetsUpTheProcess_isWarnedOf() throws Exception {
        ServerConfig config = text.read(ZEO + """
                <filestorage>
                  path Data.fs
                </filestorage>
                <runner>
                  program what ever
                  directory /srv
                  umask 027
                </runner>
                """);

        assertThat(config.notices()).isEmpty();
        assertThat(config.warnings())
                .extracting(warning -> warning.substring(directory.toString().length() + 1))
                .containsExactly(
                        "zeo.conf:7: directory, umask in <runner> without effect: set WorkingDirectory=, UMask= in"
                                + " the unit of systemd, or the like in what starts this server");
    }

    @Test
    void load_runnerAsTheProcessIs_isNoWarning() throws Exception {
        ServerConfig config = text.read(ZEO + "<filestorage>\npath Data.fs\n</filestorage>\n<runner>\ndirectory "
                + directory + "\nuser " + System.getProperty("user.name") + "\n</runner>\n");

        assertThat(config.warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pid-filename DIR/pid", "pid-filename ~/pid", "address DIR/socket"})
    void load_directoryOfARunner_matters_ifAPathIsRelative(String line) throws Exception {
        String conf = "<zeo>\n" + (line.startsWith("address") ? "" : "address 8100\n") + line + "\n</zeo>\n" + MAPPING
                + "<runner>\ndirectory /srv\n</runner>\n";
        text.variables.put("HOME", ".");
        assertThat(text.read(conf.replace("DIR", ".")).warnings())
                .singleElement()
                .asString()
                .contains("directory in <runner> without effect: set WorkingDirectory=");

        text.variables.put("HOME", directory.toString());
        ServerConfig absolute = text.read(conf.replace("DIR", directory.toString()));
        assertThat(absolute.warnings()).isEmpty();
        assertThat(absolute.notices()).singleElement().asString().contains("<runner> is ignored");
    }

    static Stream<String> confs() throws Exception {
        try (InputStream in = Objects.requireNonNull(ServerConfigTest.class.getResourceAsStream("zeo-confs.txt"))) {
            return Stream.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n====\n", -1));
        }
    }

    @Test
    void load_textsOfZeosTests_areReadOrClearlyRefused() throws Exception {
        Files.createDirectory(directory.resolve("DIR"));
        Files.createDirectory(directory.resolve("tests"));
        List<String> refused = new ArrayList<>();
        int read = 0;
        for (String conf : confs().toList()) {
            String error = text.error(conf);
            if (error.startsWith("no error")) {
                read++;
            } else {
                refused.add(error.replaceFirst(
                        "zeo.conf:\\d+: (<\\w+> is not supported by this version|password-function)\\W.*", "$1"));
            }
        }

        assertThat(refused).containsExactlyInAnyOrder("password-function");
        assertThat(read).isEqualTo(56);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "frob 1     | zeo.conf:2: unknown key \"frob\" in <zeo> (expected address, read-only, msgpack,",
                "adress 1   | zeo.conf:2: unknown key \"adress\" in <zeo>, did you mean \"address\"? (expected address,",
                "readonly 1 | zeo.conf:2: unknown key \"readonly\" in <zeo>, did you mean \"read-only\"? (expected",
                "msgpack 1  | zeo.conf:2: msgpack: \"1\" (expected true, yes, on, false, no or off)",
                "io-threads x | zeo.conf:2: io-threads: \"x\" (expected a number, 0 to 1024)",
                "io-threads 1025 | zeo.conf:2: io-threads: \"1025\" (expected a number, 0 to 1024)",
                "invalidation-queue-size -1 | zeo.conf:2: invalidation-queue-size: \"-1\" (expected a number, at least 0)",
                "transaction-timeout -1 | zeo.conf:2: transaction-timeout: \"-1\" (expected seconds, like 30 or 0.5)",
                "drain-timeout 5x | zeo.conf:2: drain-timeout: \"5x\" (expected a time, like 30s, 5m, 2h or 1d)",
                "handshake-timeout 0 | zeo.conf:2: handshake-timeout: \"0\" (expected a time, like 30s, 5m, 2h or 1d, at least 1s)",
                "client-stall-timeout 0s | zeo.conf:2: client-stall-timeout: \"0s\" (expected a time, like 30s, 5m, 2h or"
                        + " 1d, at least 1s)",
                "staging-memory 4TB | zeo.conf:2: staging-memory: \"4TB\" (expected bytes, like 4096, 16KB, 100MB or 2GB)",
                "max-message-size 1 | zeo.conf:2: max-message-size: \"1\" (expected bytes, like 4096, 16KB, 100MB or 2GB,"
                        + " at least 65536, at most 2147483647)",
                "max-staged-size 99999999999GB | zeo.conf:2: max-staged-size: \"99999999999GB\" (expected bytes",
                "address 70000 | zeo.conf:2: address: \"70000\" (expected PORT, HOST:PORT, or a path with a /)",
                "address a b   | zeo.conf:2: address: \"a b\" (expected PORT, HOST:PORT, or a path with a /)",
                "pid-filename no/zeo.pid | zeo.conf:2: pid-filename: \"no/zeo.pid\" (expected a path in a directory that"
                        + " exists)",
            })
    void load_badLineInZeo_isRefused(String line, String message) throws Exception {
        assertThat(text.error("<zeo>\n" + line + "\n</zeo>\n" + MAPPING)).startsWith(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<filestorag/>  | zeo.conf:4: unknown section <filestorag> in the configuration, did you mean"
                        + " \"filestorage\"? (expected <zeo>, <eventlog>, <runner>, <filestorage>, <blobstorage>,"
                        + " <mappingstorage>, <demostorage>, <serverzlibstorage>, <zeoclient>, <clientstorage>, <s3blobs>, <s3blobcache>, <s3blobstorage>)",
                "<hexstorage/> | zeo.conf:4: <hexstorage> is not supported by this version (expected <zeo>,",
                "%import tempstorage;<temporarystorage temp>;name t;</temporarystorage> | zeo.conf:5: <temporarystorage> is"
                        + " not supported by this version (expected <mappingstorage>, with the same name: it keeps its"
                        + " objects in memory too; pack it now and then)",
                "<zlibstorage/> | zeo.conf:4: <zlibstorage> is not supported by this version (expected"
                        + " <serverzlibstorage> here, and <zlibstorage> around the <zeoclient> of every client, which",
                "<serverzlibstorage>;<zlibstorage/>;</serverzlibstorage> | zeo.conf:5: <zlibstorage> is not supported by"
                        + " this version (expected <serverzlibstorage> here, ",
                "%import zc.zrs;<zrs 1>;replicate-to 8101;<filestorage>;path a;</filestorage>;</zrs> | zeo.conf:5: <zrs> is"
                        + " not supported by this version (expected the storage in it alone: this server does not replicate;",
                "%import zc.beforestorage;<before>;before now;<mappingstorage/>;</before> | zeo.conf:5: <before> is not"
                        + " supported by this version (expected the storage in it alone, of a copy that ends at that time",
                "<relstorage/> | zeo.conf:4: <relstorage> is not supported by this version (expected <filestorage>, filled by"
                        + " zodbconvert, ",
                "<serverzlibstorage/> | zeo.conf:4: <serverzlibstorage> holds 0 storages (expected exactly one)",
                "<serverzlibstorage>;path a;</serverzlibstorage> | zeo.conf:5: unknown key \"path\" in"
                        + " <serverzlibstorage> (expected compress)",
                "<filestorage/> | zeo.conf:4: no key \"path\" in <filestorage> (expected path and a path in a directory"
                        + " that exists: the data file, which is created if it is not there)",
                "<filestorage>;path no/x;</filestorage> | zeo.conf:5: path: \"no/x\" (expected a path in a directory that"
                        + " exists)",
                "<filestorage>;path;</filestorage> | zeo.conf:5: path: \"\" (expected a path in",
                "<filestorage>;path a;path b;</filestorage> | zeo.conf:6: key \"path\" is given twice (expected once)",
                "<filestorage>;path a;packer a.b;</filestorage> | zeo.conf:6: packer: \"a.b\" names Python code, which this"
                        + " server cannot run (expected no packer: its own is always used)",
                "<mappingstorage>;<zeo/>;</mappingstorage> | zeo.conf:5: unknown section <zeo> in <mappingstorage>"
                        + " (expected no sections here)",
                "<blobstorage>;blob-dir b;</blobstorage> | zeo.conf:4: <blobstorage> holds 0 storages (expected exactly"
                        + " one)",
                "<blobstorage>;<mappingstorage/>;</blobstorage> | zeo.conf:4: no key \"blob-dir\" in <blobstorage>",
                "<blobstorage>;blob-dir b;<demostorage/>;</blobstorage> | zeo.conf:4: <demostorage> in <blobstorage>"
                        + " (expected a blob-dir in the storage that is named changes)",
                "<blobstorage>;blob-dir b;<serverzlibstorage>;<demostorage/>;</serverzlibstorage>;</blobstorage> |"
                        + " zeo.conf:4: <demostorage> in <blobstorage>",
                "<demostorage>;<blobstorage>;blob-dir b;<blobstorage>;blob-dir c;<mappingstorage/>;</blobstorage>;"
                        + "</blobstorage>;</demostorage> | zeo.conf:5: a storage that has blobs in <blobstorage> (expected one"
                        + " blob-dir)",
                "<blobstorage>;blob-dir b;<filestorage>;path a;blob-dir c;</filestorage>;</blobstorage> | zeo.conf:5:"
                        + " blob-dir is given twice, c and b (expected one)",
                "<mappingstorage/>;<mappingstorage 1/> | zeo.conf:5: a second storage with the name 1 (expected different"
                        + " names; a storage without one is called 1)",
                "<mappingstorage/>;<mappingstorage/> | zeo.conf:5: a second storage with the name 1",
                "<mappingstorage a/>;<filestorage A>;path x;</filestorage> | zeo.conf:5: a second section with the name a"
                        + " (expected different names)",
                "<mappingstorage/>;<zeo>;address 1;</zeo> | zeo.conf:5: a second <zeo> after that of zeo.conf:1",
                "key value | zeo.conf:4: unknown key \"key\" in the configuration (expected no keys here)",
                "%import nope | zeo.conf:4: %import nope: unknown package (expected ZODB, ZEO, ",
                "# nothing | zeo.conf:1: no storages (expected one or more of <filestorage>, <blobstorage>,"
                        + " <mappingstorage>, <demostorage>, <serverzlibstorage>, <zeoclient>, <clientstorage>, <s3blobs>, <s3blobcache>, <s3blobstorage>, or -f)",
                "<demostorage>;<mappingstorage/>;<mappingstorage base/>;</demostorage> | zeo.conf:6: <demostorage> holds a"
                        + " second base storage",
            })
    void load_badStorages_areRefused(String lines, String message) throws Exception {
        assertThat(text.error(ZEO + lines.replace(";", "\n"))).startsWith(message);
    }

    /** What the answer to {@code <temporarystorage>} advises. */
    @Test
    void load_mappingstorageInPlaceOfATemporaryOne_isRead() throws Exception {
        ServerConfig config =
                text.read(ZEO + "%import tempstorage\n<mappingstorage temp>\nname sessions\n</mappingstorage>\n");
        assertThat(config.storages()).containsExactly(new NamedStorage("temp", new MappingStorage("sessions")));
    }

    /** As zc.zlibstorage documents it, and in the other places of a storage. */
    @Test
    void load_serverzlibstorage_isTheStorageWithin() throws Exception {
        String file = "<filestorage inner>\npath Data.fs\n</filestorage>\n";
        String around = "\n" + file + "</serverzlibstorage>\n";
        FileStorage within = new FileStorage(directory.resolve("Data.fs"), null, false, false, null, true, true);
        ServerConfig config =
                text.read("%import zc.zlibstorage\n" + ZEO + "<serverzlibstorage main>\ncompress no" + around
                        + "<serverzlibstorage>" + around
                        + "<blobstorage b>\nblob-dir blobs\n<serverzlibstorage>" + around + "</blobstorage>\n"
                        + "<demostorage d>\n<serverzlibstorage changes>" + around + MAPPING + "</demostorage>\n");

        assertThat(config.storages())
                .containsExactly(
                        new NamedStorage("main", within),
                        new NamedStorage("1", within),
                        new NamedStorage("b", new BlobStorage(directory.resolve("blobs"), within, true)),
                        new NamedStorage(
                                "d",
                                new StorageConfig.DemoStorage(null, new MappingStorage("Mapping Storage"), within)));
    }

    @Test
    void load_withoutZeo_isRefused() throws Exception {
        assertThat(text.error(MAPPING))
                .isEqualTo("zeo.conf:1: no server address (expected <zeo> with an address, or -a)");
    }

    @Test
    void load_options_goBeforeTheFile() throws Exception {
        Overrides overrides = new Overrides("127.0.0.1:1", List.of("a.fs", "b.fs"), "0.5", "my.pid");
        ServerConfig config = text.read("<zeo>\naddress wrong address\n</zeo>\n<zeoclient 1/>\n", overrides);

        assertThat(config.zeo().address()).isEqualTo(new ServerAddress.Tcp("127.0.0.1", 1));
        assertThat(config.zeo().transactionTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(config.zeo().pidFile()).isEqualTo(directory.resolve("my.pid"));
        assertThat(config.storages()).extracting(NamedStorage::name).containsExactly("1", "2");
        assertThat(config.storages().get(1).storage())
                .isEqualTo(new FileStorage(directory.resolve("b.fs"), null, false, false, null, true, true));
    }

    @Test
    void load_badOption_isNamedAsTheUserTypedIt() {
        Overrides overrides = new Overrides(null, List.of(), "soon", null);

        assertThatThrownBy(() -> text.read(ZEO + MAPPING, overrides))
                .isInstanceOf(ConfigException.class)
                .hasMessage("--timeout: transaction-timeout: \"soon\" (expected seconds, like 30 or 0.5)");
    }

    @Test
    void withoutFile_nothingElse_isAStorageInVar() throws Exception {
        Files.createDirectory(directory.resolve("var"));
        ServerConfig config = ServerConfig.withoutFile(Overrides.NONE, text.environment());

        assertThat(config.zeo().address()).isEqualTo(new ServerAddress.Tcp("127.0.0.1", 8100));
        assertThat(config.storages())
                .containsExactly(new NamedStorage(
                        "1",
                        new FileStorage(
                                directory.resolve("var/Data.fs"),
                                directory.resolve("var/blobs"),
                                false,
                                false,
                                null,
                                true,
                                true)));
    }

    @Test
    void sectionTypes_everyKey_isDescribed() {
        List<SectionType> types = List.of(
                ZeoSection.TYPE,
                StorageSections.FILE_STORAGE,
                StorageSections.BLOB_STORAGE,
                StorageSections.MAPPING_STORAGE,
                StorageSections.SERVER_ZLIB_STORAGE,
                EventlogSection.EVENTLOG,
                EventlogSection.LOGFILE);

        assertThat(types).flatExtracting(SectionType::keys).allSatisfy(key -> assertThat(key.description())
                .isNotBlank());
    }
}
