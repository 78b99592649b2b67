package io.zeolite.tool.blobs;

import static io.zeolite.tool.blobs.TestSite.EFFORT;
import static io.zeolite.tool.blobs.TestSite.TID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.BreakingStore;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.blob.tier.FileChecksum;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.client.blob.CacheFiles;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VerifyTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    @SuppressWarnings("NullAway.Init")
    private TestSite test;

    private ToolOutput output = new ToolOutput();

    @BeforeEach
    void start() throws Exception {
        test = new TestSite(home, true);
        for (int oid = 1; oid <= 6; oid++) {
            test.commit(oid, TID + oid, 1000 * oid);
        }
        test.commit(6, TID + 100, 500);
        test.archive(3, Afterwards.REMOVE);
        test.archive(1, Afterwards.KEEP);
    }

    @AfterEach
    void stop() throws Exception {
        test.close();
    }

    private int verify(boolean deep, Path... sources) throws IOException {
        return verify(test.site(), deep, sources);
    }

    private int verify(Site opened, boolean deep, Path... sources) throws IOException {
        output = new ToolOutput();
        try (Site site = opened) {
            Verify.Options options = new Verify.Options(deep, List.of(sources), EFFORT, 100, true);
            return new Verify(site, options, output.console()).run();
        }
    }

    /** A site whose objects have no checksums, and break off when they are read. */
    private static Site brokenOff(TestSite plain) throws IOException {
        BreakingStore store = new BreakingStore(plain.store(true));
        store.breakAt(10);
        TierSettings settings = new TierSettings(1, 2, Duration.ofMillis(1), Duration.ofMillis(1), 1000);
        Site.Cold cold =
                new Site.Cold(new RetryingStore(store, settings), KeyLayout.FLAT, false, plain.gcGrace, plain.cache());
        return new Site("1", plain.data.writeTo(plain.home.resolve("Data.fs")), plain.home.resolve("blobs"), cold);
    }

    /** A copy of a bucket that has something for the blob with oid 1. */
    private Path copyWith(byte[] content) throws IOException {
        Path copy = Files.createTempDirectory(home, "copy");
        Files.write(copy.resolve(test.key(1, TID + 1)), content);
        return copy;
    }

    private List<String> problems() throws IOException {
        return ToolOutput.objects(output.json(), "problems").stream()
                .map(problem -> problem.get("kind") + " " + problem.get("oid"))
                .toList();
    }

    @Test
    void verify_allThere_isOkAndCounts() throws IOException {
        test.writeCached(6, TID + 6, TestSite.bytes(6, TID + 6, 6000));
        assertThat(verify(true)).isEqualTo(ExitStatus.OK);
        assertThat(problems()).isEmpty();
        assertThat(output.json().get("blobs")).isEqualTo(7L);
        assertThat(output.json().get("bytes")).isEqualTo(21_500L);
        assertThat(output.json().get("local")).isEqualTo(4L);
        assertThat(output.json().get("in_bucket")).isEqualTo(4L);
        assertThat(output.json().get("cached")).isEqualTo(1L);
        assertThat(output.json().get("orphans_in_bucket")).isEqualTo(0L);
    }

    @Test
    void verify_bytesThatAreNowhereOrOnlyCached_areErrors() throws IOException {
        try (BlobStore store = test.store(true)) {
            store.delete(test.key(5, TID + 5));
            store.delete(test.key(6, TID + 6));
        }
        test.writeCached(6, TID + 6, TestSite.bytes(6, TID + 6, 6000));
        Files.delete(test.file(1, TID + 1));
        assertThat(verify(false)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(problems()).containsExactlyInAnyOrder("missing 0x01", "missing 0x05", "only-cached 0x06");
    }

    @Test
    void verify_moreThanIsShown_saysHowMany() throws IOException {
        Files.delete(test.file(1, TID + 1));
        Files.delete(test.file(2, TID + 2));
        Files.delete(test.file(6, TID + 100));
        try (Site site = test.site()) {
            Verify.Options options = new Verify.Options(false, List.of(), EFFORT, 1, false);
            new Verify(site, options, output.console()).run();
        }
        assertThat(output.lines()).contains("... 2 more");
    }

    @Test
    void verify_fileAndObjectOfOtherSizes_isAnError() throws IOException {
        test.writeFile(3, TID + 3, new byte[100]);
        assertThat(verify(false)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(problems()).containsExactly("size 0x03");
    }

    @Test
    void verify_deep_findsOtherBytesOfTheSameSize() throws IOException {
        test.writeFile(3, TID + 3, new byte[3000]);
        Path other = Files.write(home.resolve("other"), new byte[6000]);
        try (BlobStore store = test.store(true)) {
            store.put(test.key(6, TID + 6), other, 0x1234, "text/plain");
        }
        assertThat(verify(false)).isEqualTo(ExitStatus.OK);
        assertThat(verify(true)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(problems()).containsExactlyInAnyOrder("checksum 0x03", "checksum 0x06");
        assertThat(output.text()).contains("is damaged: CRC-32C", "its file and s3://blobs/site/");
    }

    @Test
    void verify_damagedDataFile_isAnError() throws IOException {
        try (Site site = test.site()) {
            byte[] bytes = Files.readAllBytes(site.data());
            bytes[12]++;
            Files.write(site.data(), bytes);
            Verify.Options options = new Verify.Options(false, List.of(), EFFORT, 100, true);
            assertThat(new Verify(site, options, output.console()).run()).isEqualTo(ExitStatus.CRITICAL);
        }
        assertThat(problems()).containsExactly("data null");
    }

    @Test
    void verify_recordThatCannotBeRead_isAnError() throws IOException {
        test.data.transaction(TID + 101).store(7, ".zdamaged").finish();
        assertThat(verify(false)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(problems()).containsExactly("data null");
        assertThat(output.text()).contains("object 0x07 cannot be read");
    }

    @Test
    void verify_repairFrom_takesBytesFromCachesDirectoriesAndCopiesOfTheBucket() throws IOException {
        Path cache = home.resolve("client-cache");
        Path cached = CacheFiles.path(cache, 4, TID + 4);
        Files.createDirectories(cached.getParent());
        Files.write(cached, TestSite.bytes(4, TID + 4, 4000));
        Files.writeString(cache.resolve(".layout"), "zeocache");
        Path copy = Files.createDirectories(home.resolve("copy"));
        Files.write(copy.resolve(test.key(5, TID + 5)), TestSite.bytes(5, TID + 5, 5000));
        test.blobs.backUp(1, TID + 1);
        try (BlobStore store = test.store(true)) {
            store.delete(test.key(4, TID + 4));
            store.delete(test.key(5, TID + 5));
            store.delete(test.key(6, TID + 6));
        }
        assertThat(verify(false, cache, copy, home.resolve("blobs"))).isEqualTo(ExitStatus.CRITICAL);
        assertThat(problems())
                .containsExactlyInAnyOrder("missing 0x01", "missing 0x04", "missing 0x05", "missing 0x06");
        assertThat(output.json().get("repaired")).isEqualTo(3L);
        assertThat(output.json().get("errors")).isEqualTo(1L);
        assertThat(test.file(4, TID + 4)).hasBinaryContent(TestSite.bytes(4, TID + 4, 4000));
        assertThat(test.file(5, TID + 5)).hasBinaryContent(TestSite.bytes(5, TID + 5, 5000));
        assertThat(test.file(1, TID + 1)).hasBinaryContent(TestSite.bytes(1, TID + 1, 1000));
        assertThat(verify(true)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(problems()).containsExactly("missing 0x06");
    }

    @Test
    void verify_repairFromWithoutTheBlobDirectory_isRefused() throws IOException {
        Path copy = copyWith(TestSite.bytes(1, TID + 1, 1000));
        Path elsewhere = home.resolve("elsewhere");
        assertThatThrownBy(() -> verify(test.siteWith(elsewhere), false, copy))
                .hasMessageContaining("no such directory: " + elsewhere);
        assertThat(elsewhere).doesNotExist();
    }

    @Test
    void verify_repaired_saysWhere() throws IOException {
        Files.delete(test.file(1, TID + 1));
        Verify.Options options =
                new Verify.Options(false, List.of(copyWith(TestSite.bytes(1, TID + 1, 1000))), EFFORT, 100, false);
        try (Site site = test.siteWith(TestSite.relative(home.resolve("blobs")))) {
            new Verify(site, options, output.console()).run();
            assertThat(output.text())
                    .contains("1 repaired in " + site.blobDirectory().toAbsolutePath() + ";");
        }
    }

    @Test
    void verify_repairOfADamagedObject_takesNothingWithAnotherChecksum() throws IOException {
        byte[] right = TestSite.bytes(6, TID + 6, 6000);
        Path good = Files.write(home.resolve("good"), right);
        int crc32c = FileChecksum.crc32c(good);
        Path other = Files.write(home.resolve("other"), new byte[6000]);
        try (BlobStore store = test.store(true)) {
            store.put(test.key(6, TID + 6), other, crc32c, "text/plain");
        }
        Path wrong = Files.createDirectories(home.resolve("wrong"));
        Files.write(wrong.resolve(test.key(6, TID + 6)), new byte[6000]);
        Path copy = Files.createDirectories(home.resolve("copy"));
        assertThat(verify(true, wrong, copy)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(test.file(6, TID + 6)).doesNotExist();
        Files.write(copy.resolve(test.key(6, TID + 6)), right);
        assertThat(verify(true, wrong, copy)).isEqualTo(ExitStatus.OK);
        assertThat(test.file(6, TID + 6)).hasBinaryContent(right);
        // The next run replaces the damaged object, as the file is here.
        test.archive(100, Afterwards.REMOVE);
        assertThat(verify(true)).isEqualTo(ExitStatus.OK);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void verify_storeGoesAway_showsWhatWasFound(boolean deep) throws IOException {
        test.writeFile(3, TID + 3, new byte[100]);
        if (!deep) {
            Files.delete(test.file(1, TID + 1));
        }
        test.failuresUntilAway = 2;
        // After the list.
        test.proxy().setAfter(1, new Fault.Status(503), Integer.MAX_VALUE);
        assertThat(verify(deep)).isEqualTo(ExitStatus.UNKNOWN);
        assertThat(problems()).contains("size 0x03");
        assertThat(output.json().get("status")).isEqualTo("UNKNOWN");
        assertThat((Long) output.json().get("not_verified")).isPositive();
        assertThat((String) output.json().get("not_verified_reason")).contains(deep ? "is away" : "HTTP 503");
    }

    @Test
    void verify_candidateThatCannotBeRead_isSaidAndTheNextIsTaken() throws IOException {
        byte[] right = TestSite.bytes(6, TID + 6, 6000);
        int crc32c = FileChecksum.crc32c(Files.write(home.resolve("good"), right));
        Path other = Files.write(home.resolve("other"), new byte[6000]);
        try (BlobStore store = test.store(true)) {
            store.put(test.key(6, TID + 6), other, crc32c, "text/plain");
        }
        Path broken = Files.createDirectories(home.resolve("broken"));
        // Its first byte cannot be read.
        Files.createSymbolicLink(broken.resolve(test.key(6, TID + 6)), Path.of("/proc/self/mem"));
        Path copy = Files.createDirectories(home.resolve("copy"));
        Files.write(copy.resolve(test.key(6, TID + 6)), right);
        assertThat(verify(true, broken, copy)).isEqualTo(ExitStatus.OK);
        assertThat(test.file(6, TID + 6)).hasBinaryContent(right);
        assertThat(output.errors()).contains("cannot take " + broken);
    }

    @Test
    void verify_directoryToRepairFromThatIsNotThere_isSaid() {
        assertThatThrownBy(() -> verify(false, home.resolve("nowhere"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void verify_objectThatCannotBeRead_leavesTheFileThatCan() throws Exception {
        try (TestSite plain = new TestSite(home.resolve("plain"), false)) {
            plain.commit(1, TID + 1, 1000);
            plain.archive(1, Afterwards.KEEP);
            assertThat(verify(brokenOff(plain), true, copyWith(new byte[500]), copyWith(new byte[1000])))
                    .isEqualTo(ExitStatus.CRITICAL);
            assertThat(problems()).containsExactly("unreadable 0x01");
            assertThat(output.json().get("repaired")).isEqualTo(0L);
            assertThat(plain.file(1, TID + 1)).hasBinaryContent(TestSite.bytes(1, TID + 1, 1000));
        }
    }

    @Test
    void verify_fileThatDiffersFromTheChecksum_isReplacedByBytesThatFit() throws IOException {
        byte[] right = TestSite.bytes(1, TID + 1, 1000);
        int crc32c = FileChecksum.crc32c(Files.write(home.resolve("good"), right));
        try (BlobStore store = test.store(true)) {
            store.put(test.key(1, TID + 1), home.resolve("good"), crc32c, "text/plain");
        }
        test.writeFile(1, TID + 1, new byte[1000]);
        assertThat(verify(true, copyWith(new byte[1000]))).isEqualTo(ExitStatus.CRITICAL);
        assertThat(test.file(1, TID + 1)).hasBinaryContent(new byte[1000]);
        assertThat(verify(true, copyWith(right))).isEqualTo(ExitStatus.OK);
        assertThat(test.file(1, TID + 1)).hasBinaryContent(right);
    }

    @Test
    void verify_objectThatCannotBeReadAndNoFile_takesNothingOfAnotherLength() throws Exception {
        try (TestSite plain = new TestSite(home.resolve("plain"), false)) {
            plain.commit(1, TID + 1, 1000);
            plain.archive(1, Afterwards.REMOVE);
            Path cut = copyWith(new byte[999]);
            assertThat(verify(brokenOff(plain), true, cut)).isEqualTo(ExitStatus.CRITICAL);
            assertThat(plain.file(1, TID + 1)).doesNotExist();
            byte[] right = TestSite.bytes(1, TID + 1, 1000);
            assertThat(verify(brokenOff(plain), true, cut, copyWith(right))).isEqualTo(ExitStatus.OK);
            assertThat(output.json().get("repaired")).isEqualTo(1L);
            assertThat(plain.file(1, TID + 1)).hasBinaryContent(right);
        }
    }

    @Test
    void verify_fileThatCannotBeRead_isReplacedByOneOfItsLength() throws IOException {
        // Its size is told, and its first byte cannot be read, whoever reads it.
        Path unreadable = Files.createDirectory(home.resolve("unreadable"));
        int size = (int) Files.size(unreadable);
        Files.delete(test.file(1, TID + 1));
        Files.createSymbolicLink(test.file(1, TID + 1), unreadable);
        byte[] right = TestSite.bytes(1, TID + 1, size);
        assertThat(verify(true, copyWith(new byte[size + 1]), copyWith(right))).isEqualTo(ExitStatus.OK);
        assertThat(test.file(1, TID + 1)).hasBinaryContent(right);
    }

    @Test
    void verify_fileAndObjectThatDiffer_withoutAChecksumBothStay() throws Exception {
        try (TestSite plain = new TestSite(home.resolve("plain"), false)) {
            plain.commit(1, TID + 1, 1000);
            plain.archive(1, Afterwards.KEEP);
            plain.writeFile(1, TID + 1, new byte[1000]);
            Path copy = copyWith(TestSite.bytes(1, TID + 1, 1000));
            assertThat(verify(plain.site(), true, copy)).isEqualTo(ExitStatus.CRITICAL);
            assertThat(problems()).containsExactly("checksum 0x01");
            assertThat(plain.file(1, TID + 1)).hasBinaryContent(new byte[1000]);
        }
    }
}
