package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.storage.file.DataFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands for blobs and buckets, from the configuration file to the exit status. */
final class BlobCommandsTest {
    private static final String BLOB = "\u0080\u0003cZODB.blob\nBlob\nq\u0000.\u0080\u0003N.";
    private static final long TID = 0x03f1a2b3c4d5e600L;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    private ByteArrayOutputStream out = new ByteArrayOutputStream();
    private ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void makeSite() throws IOException {
        DataFile data = new DataFile();
        BlobDirectory blobs = BlobDirectory.open(home.resolve("blobs"));
        for (long oid = 1; oid <= 3; oid++) {
            data.transaction(TID + oid).store(oid, BLOB).finish();
            Path file = blobs.newTemporaryFile();
            Files.write(file, new byte[(int) (1000 * oid)]);
            blobs.prepare(oid);
            blobs.commit(file, oid, TID + oid);
        }
        data.writeTo(home.resolve("Data.fs"));
        Files.createDirectories(home.resolve("cold"));
        configure("zeo.conf", "bucket " + home.resolve("cold").toUri());
        configure("s3.conf", "bucket b\n  region eu-central-1\n  prefix site");
        configure(
                "read-only.conf",
                "read-only-bucket on\n  bucket " + home.resolve("cold").toUri());
        Files.writeString(home.resolve("plain.conf"), """
                <zeo>
                  address 8100
                </zeo>
                <filestorage 1>
                  path Data.fs
                  blob-dir blobs
                </filestorage>
                """);
    }

    private void configure(String name, String keys) throws IOException {
        Files.writeString(home.resolve(name), """
                <zeo>
                  address 8100
                </zeo>
                <s3blobs 1>
                  %s
                  cache-dir cache
                  <filestorage>
                    path Data.fs
                    blob-dir blobs
                  </filestorage>
                </s3blobs>
                """.formatted(keys));
    }

    private int run(String arguments) {
        out = new ByteArrayOutputStream();
        err = new ByteArrayOutputStream();
        FakeServer server = new FakeServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
        return new Zeolite(
                        config -> server,
                        new ConfigEnvironment(Map.of(), home),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        task -> {})
                .run(arguments.split(" "));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private long localBlobs() throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve("blobs"))) {
            return files.filter(file -> file.toString().endsWith(".blob")).count();
        }
    }

    @Test
    void archive_withoutItsBlobDirectory_saysSo() throws IOException {
        Files.move(home.resolve("blobs"), home.resolve("elsewhere"));
        assertThat(run("archive-blobs -C zeo.conf -d")).isEqualTo(1);
        assertThat(err()).contains("no such directory: " + home.resolve("blobs"), "blob-dir of storage 1");
        assertThat(home.resolve("blobs")).doesNotExist();
    }

    @Test
    void commands_fromArchivingToBringingBack_doWhatTheySay() throws IOException {
        int archived = run("archive-blobs -C zeo.conf -s 1001 -d");
        assertThat(archived).as(out() + err()).isZero();
        assertThat(out()).startsWith("2 of 2 blobs are proven to be in file:");
        assertThat(localBlobs()).isEqualTo(1);
        assertThat(run("verify-blobs -C zeo.conf --deep")).isZero();
        assertThat(out()).contains("blobs 3, bytes 5.9 KB, local 1, in bucket 2", "OK: 0 errors");
        assertThat(run("blob-stats -C zeo.conf")).isZero();
        assertThat(out()).contains("only bucket", "2       4.9 KB  83 %");
        assertThat(run("gc-bucket -C zeo.conf --grace 0 --delete")).isZero();
        assertThat(out()).contains("2 objects, 0 orphans");
        Files.createDirectories(home.resolve("mirror"));
        assertThat(run("mirror-blobs -C zeo.conf --to file://" + home.resolve("mirror")))
                .isZero();
        assertThat(out()).startsWith("2 of 2 objects copied");
        assertThat(run("bucket-check -C zeo.conf")).isZero();
        assertThat(run("restore-blobs -C zeo.conf")).isZero();
        assertThat(localBlobs()).isEqualTo(3);
        assertThat(run("verify-blobs -C plain.conf --deep")).isZero();
        assertThat(run("blob-stats -C plain.conf --json")).isZero();
        assertThat(out()).contains("\"blobs\" : 3");
    }

    @Test
    void gc_graceOfTheServer_isTheUsualOne() throws IOException {
        configure(
                "patient.conf", "gc-grace 30d\n  bucket " + home.resolve("cold").toUri());
        Path orphan = Files.write(home.resolve("cold").resolve(KeyLayout.FLAT.key(9, TID)), new byte[1]);
        Files.setLastModifiedTime(orphan, FileTime.from(Instant.now().minus(Duration.ofDays(10))));
        assertThat(run("gc-bucket -C patient.conf")).isZero();
        assertThat(out()).contains("1 object, 0 orphans");
        assertThat(run("gc-bucket -C patient.conf --grace 9")).isZero();
        assertThat(out()).contains("1 object, 1 orphan ");
    }

    @Test
    void mirror_toAConfigurationWithAnotherLayout_isWhatThatConfigurationReads() throws IOException {
        run("archive-blobs -C zeo.conf -d");
        Files.createDirectories(home.resolve("mirror"));
        configure(
                "mirror.conf",
                "key-layout zodb-s3blobs\n  bucket " + home.resolve("mirror").toUri());
        assertThat(run("mirror-blobs -C zeo.conf --to mirror.conf")).isZero();
        assertThat(run("verify-blobs -C mirror.conf --deep")).isZero();
        assertThat(out()).contains("local 0, in bucket 3");
    }

    @Test
    void mirror_toAConfigurationWithoutItsBlobDirectory_saysSoOnce() throws IOException {
        assertThat(run("archive-blobs -C zeo.conf -s 1001")).isZero();
        Files.createDirectories(home.resolve("mirror"));
        configure("mirror.conf", "bucket " + home.resolve("mirror").toUri());
        String text = Files.readString(home.resolve("mirror.conf"));
        Files.writeString(home.resolve("mirror.conf"), text.replace("blob-dir blobs", "blob-dir other"));
        assertThat(run("mirror-blobs -C zeo.conf --to mirror.conf")).isEqualTo(1);
        assertThat(out()).isEmpty();
        assertThat(err()).contains("no such directory: " + home.resolve("other"), "the blob-dir in mirror.conf");
        Files.createDirectories(home.resolve("other"));
        assertThat(run("mirror-blobs -C zeo.conf --to mirror.conf")).isZero();
        assertThat(out()).startsWith("2 of 2 objects copied");
    }

    @Test
    void mirror_ontoItselfByAnotherName_isRefused() throws IOException {
        Files.createSymbolicLink(home.resolve("link"), home.resolve("cold"));
        assertThat(run("mirror-blobs -C zeo.conf --to file://" + home.resolve("link")))
                .isEqualTo(1);
        assertThat(err()).contains("the mirror is the bucket itself");
        configure("a.conf", "bucket b\n  endpoint http://localhost:1");
        configure("b.conf", "bucket b\n  endpoint http://LocalHost:1/");
        assertThat(run("mirror-blobs -C a.conf --to b.conf")).isEqualTo(1);
        assertThat(err()).contains("the mirror is the bucket itself");
    }

    @Test
    void mirror_toAConfigurationWithSeveralBuckets_takesTheOneOfTheSameName() throws IOException {
        run("archive-blobs -C zeo.conf -d");
        Files.createDirectories(home.resolve("mirror"));
        Files.createDirectories(home.resolve("other"));
        configure("mirror.conf", "bucket " + home.resolve("mirror").toUri());
        Files.writeString(
                home.resolve("mirror.conf"),
                Files.readString(home.resolve("mirror.conf"))
                        + """
                <s3blobs 2>
                  bucket %s
                  cache-dir cache2
                  <filestorage>
                    path Data2.fs
                    blob-dir blobs2
                  </filestorage>
                </s3blobs>
                """.formatted(home.resolve("other").toUri()));
        int mirrored = run("mirror-blobs -C zeo.conf --to mirror.conf");
        assertThat(mirrored).as(out() + err()).isZero();
        assertThat(out()).startsWith("3 of 3 objects copied");
        assertThat(home.resolve("mirror")).isNotEmptyDirectory();
        assertThat(home.resolve("other")).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "archive-blobs -C plain.conf | storage 1 has no bucket (expected: an <s3blobs> section around it)",
                "restore-blobs -C plain.conf | storage 1 has no bucket",
                "gc-bucket -C plain.conf     | storage 1 has no bucket",
                "bucket-policy -C plain.conf | storage 1 has no bucket",
                "bucket-policy -C zeo.conf   | the blobs are in a directory, which has no policies",
                "archive-blobs -C read-only.conf -d | read-only-bucket is on for storage 1",
                "gc-bucket -C read-only.conf --delete | read-only-bucket is on for storage 1",
                "archive-blobs -C zeo.conf -n x | 0 storages with blobs and the name x (expected one; --name names it)",
                "mirror-blobs -C zeo.conf --to zeo.conf | the mirror is the bucket itself",
                "mirror-blobs -C s3.conf --to s3.conf | the mirror is the bucket itself",
            })
    void command_thatCannotBeDone_saysWhy(String arguments, String message) {
        assertThat(run(arguments)).isEqualTo(1);
        assertThat(err()).contains(message);
    }

    @Test
    void verifyAndStats_besideAStorageWithoutABucket_haveToBeToldWhichOne() throws IOException {
        Files.writeString(home.resolve("two.conf"), Files.readString(home.resolve("zeo.conf")) + """
                <filestorage 2>
                  path other.fs
                  blob-dir others
                </filestorage>
                """);
        String message = "two.conf: 2 storages with blobs (expected one; --name names it)";
        assertThat(run("verify-blobs -C two.conf")).isEqualTo(3);
        assertThat(err()).contains(message);
        assertThat(run("blob-stats -C two.conf")).isEqualTo(1);
        assertThat(err()).contains(message);
        assertThat(run("verify-blobs -C two.conf -n 1")).isZero();
        assertThat(run("archive-blobs -C two.conf -s 1001")).isZero();
    }

    @Test
    void bucketPolicy_ofARole_isTheDocumentAlone() {
        assertThat(run("bucket-policy -C s3.conf --for reader")).isZero();
        assertThat(out()).startsWith("{").contains("arn:aws:s3:::b/site/*");
        assertThat(run("bucket-policy -C s3.conf --json")).isZero();
        assertThat(out()).contains("\"deny-deletion\" : {");
        assertThat(run("bucket-policy -C s3.conf --for nobody")).isEqualTo(2);
        assertThat(err()).contains("expected: server, archiver, reader, check, deny-deletion");
    }
}
