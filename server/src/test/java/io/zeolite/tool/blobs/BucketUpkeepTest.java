package io.zeolite.tool.blobs;

import static io.zeolite.tool.blobs.TestSite.EFFORT;
import static io.zeolite.tool.blobs.TestSite.TID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.BreakingStore;
import io.zeolite.blob.tier.FaultProxy;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.blob.tier.FileChecksum;
import io.zeolite.blob.tier.Garbage;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.storage.file.DataFile;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is done to buckets over the years. */
final class BucketUpkeepTest {
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    @SuppressWarnings("NullAway.Init")
    private TestSite test;

    private ToolOutput output = new ToolOutput();

    @BeforeEach
    void start() throws Exception {
        test = new TestSite(home, true);
        for (int oid = 1; oid <= 5; oid++) {
            test.commit(oid, TID + oid, 1000 * oid);
        }
        test.archive(100, Afterwards.REMOVE);
    }

    @AfterEach
    void stop() throws Exception {
        test.close();
    }

    private void putOrphan(long oid, long tid) throws IOException {
        put(test.key(oid, tid));
    }

    private void put(String key) throws IOException {
        Path file = Files.write(home.resolve("upload"), new byte[100]);
        try (BlobStore store = test.store(true)) {
            store.put(key, file, 0, "text/plain");
        }
    }

    private List<String> keys() throws IOException {
        List<String> keys = new ArrayList<>();
        try (BlobStore store = test.store(true)) {
            store.list("", object -> keys.add(object.key()));
        }
        return keys;
    }

    private int collect(GcBucket.Options options, Instant now) throws IOException {
        output = new ToolOutput();
        try (Site site = test.site()) {
            return new GcBucket(site, options, now, output.console()).run();
        }
    }

    private static GcBucket.Options options(boolean delete, Path... also) {
        return new GcBucket.Options(DAY, List.of(also), delete, false, true);
    }

    private static Instant inTwoDays() {
        return Instant.now().plus(DAY.multipliedBy(2));
    }

    @Test
    void gc_dryRun_listsOrphansThatAreOldEnough() throws IOException {
        putOrphan(9, TID);
        assertThat(collect(options(false), Instant.now())).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("orphans_within_grace")).isEqualTo(1L);
        assertThat(output.json().get("orphans")).isEqualTo(0L);
        assertThat(collect(options(false), inTwoDays())).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("keys")).isEqualTo(List.of(test.key(9, TID)));
        assertThat(keys()).hasSize(6);
    }

    @Test
    void gc_delete_leavesWhatAnyDataFileHasAndWhatIsNoBlob() throws IOException {
        putOrphan(9, TID);
        putOrphan(10, TID);
        putOrphan(11, TID);
        put("elsewhere/" + test.key(12, TID));
        put("notes.txt");
        DataFile backup = new DataFile();
        backup.transaction(TID)
                .store(10, "\u0080\u0003cZODB.blob\nBlob\nq\u0000.\u0080\u0003N.")
                .finish();
        Path also = backup.writeTo(home.resolve("backup.fs"));
        DataFile old = new DataFile();
        old.transaction(TID)
                .store(11, "\u0080\u0003cZODB.blob\nBlob\nq\u0000.\u0080\u0003N.")
                .finish();
        old.writeTo(home.resolve("Data.fs.old"));
        assertThat(collect(options(true, also), inTwoDays())).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("deleted")).isEqualTo(1L);
        assertThat(output.json().get("foreign_objects")).isEqualTo(2L);
        assertThat(keys())
                .hasSize(9)
                .contains(test.key(10, TID), test.key(11, TID), "elsewhere/" + test.key(12, TID), "notes.txt")
                .doesNotContain(test.key(9, TID));
    }

    @Test
    void gc_objectThatCannotBeDeleted_isNamedAndHoldsUpNoOther() throws IOException {
        putOrphan(9, TID);
        putOrphan(10, TID);
        BreakingStore store = new BreakingStore(test.store(true));
        store.lock(test.key(9, TID));
        Site.Cold cold = new Site.Cold(
                new RetryingStore(store, TierSettings.DEFAULT), KeyLayout.FLAT, false, DAY, home.resolve("cache"));
        try (Site site = new Site("1", test.data.writeTo(home.resolve("Data.fs")), home.resolve("blobs"), cold)) {
            assertThat(new GcBucket(site, options(true), inTwoDays(), output.console()).run())
                    .isEqualTo(ExitStatus.FAILED);
        }
        assertThat(output.json().get("deleted")).isEqualTo(1L);
        assertThat(output.json().get("deleted_bytes")).isEqualTo(100L);
        assertThat(output.json().get("failed")).isEqualTo(List.of(test.key(9, TID) + " is locked"));
        assertThat(keys()).contains(test.key(9, TID)).doesNotContain(test.key(10, TID));
    }

    @Test
    void gc_supersededRevision_staysAsLongAsTheDataFileHasIt() throws IOException {
        test.commit(1, TID + 100, 700);
        test.archive(100, Afterwards.REMOVE);
        assertThat(collect(options(true), inTwoDays())).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("orphans")).isEqualTo(0L);
        assertThat(keys()).hasSize(6);
    }

    @Test
    void gc_whatAPackHasListed_staysUntilTheGraceOfThat() throws IOException {
        putOrphan(9, TID);
        Instant packed = inTwoDays();
        Garbage garbage = new Garbage(home.resolve("blobs"), test.store(false), KeyLayout.FLAT, DAY);
        garbage.add(new BlobRevision(9, TID), packed);
        garbage.force();
        assertThat(collect(options(true), packed.plusSeconds(3600))).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("orphans_within_grace")).isEqualTo(1L);
        assertThat(keys()).hasSize(6);
        assertThat(collect(options(true), packed.plus(DAY))).isEqualTo(ExitStatus.OK);
        assertThat(keys()).hasSize(5);
    }

    @Test
    void gc_whatAPackHasRemovedAndNotListedYet_stays() throws IOException {
        putOrphan(9, TID);
        putOrphan(10, TID);
        putOrphan(11, TID);
        // The second line is one of Python's.
        Files.writeString(home.resolve("blobs/.removed"), Tid.toHex(9) + Tid.toHex(TID) + "\n" + Tid.toHex(10) + "\n");
        assertThat(collect(options(true), inTwoDays())).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("orphans_within_grace")).isEqualTo(2L);
        assertThat(keys())
                .hasSize(7)
                .contains(test.key(9, TID), test.key(10, TID))
                .doesNotContain(test.key(11, TID));
    }

    @Test
    void gc_longerGraceOfTheServer_isThatOfWhatAPackHasListedAndTheUsualOne() throws IOException {
        test.gcGrace = DAY.multipliedBy(30);
        putOrphan(9, TID);
        putOrphan(10, TID);
        Instant now = Instant.now();
        Garbage garbage = new Garbage(home.resolve("blobs"), test.store(false), KeyLayout.FLAT, test.gcGrace);
        garbage.add(new BlobRevision(9, TID), now);
        garbage.force();
        GcBucket.Options usual = new GcBucket.Options(null, List.of(), true, false, true);
        assertThat(collect(usual, now.plus(DAY.multipliedBy(29)))).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("orphans_within_grace")).isEqualTo(2L);
        assertThat(collect(options(true), now.plus(DAY.multipliedBy(29)))).isEqualTo(ExitStatus.OK);
        assertThat(keys()).hasSize(6).contains(test.key(9, TID));
        assertThat(collect(usual, now.plus(DAY.multipliedBy(31)))).isEqualTo(ExitStatus.OK);
        assertThat(keys()).hasSize(5);
    }

    @Test
    void gc_wrongDataFile_emptiesNoBucket() throws IOException {
        try (Site site = test.site()) {
            new DataFile().writeTo(site.data());
            GcBucket collection = new GcBucket(site, options(true), inTwoDays(), output.console());
            assertThatThrownBy(collection::run)
                    .hasMessageContaining("5 objects of 5")
                    .hasMessageContaining("--force");
        }
        assertThat(keys()).hasSize(5);
    }

    @Test
    void gc_objectOfALaterTransaction_deletesNothing() throws IOException {
        putOrphan(9, TID);
        try (Site site = test.site()) {
            byte[] bytes = Files.readAllBytes(site.data());
            // In the middle of the last transaction: as long as the file is being copied.
            Files.write(site.data(), Arrays.copyOf(bytes, bytes.length - 10));
            GcBucket collection = new GcBucket(site, options(true), inTwoDays(), output.console());
            assertThatThrownBy(collection::run)
                    .hasMessageContaining(test.key(5, TID + 5) + " is of transaction " + Tid.toHex(TID + 5))
                    .hasMessageContaining("later than " + Tid.toHex(TID + 4))
                    .hasMessageContaining("Nothing is deleted (expected: --force)");
            assertThat(keys()).hasSize(6);
            // The young ones stay, those of a server that runs among them.
            assertThat(new GcBucket(site, options(true), Instant.now(), output.console()).run())
                    .isEqualTo(ExitStatus.OK);
            GcBucket.Options forced = new GcBucket.Options(DAY, List.of(), true, true, true);
            assertThat(new GcBucket(site, forced, inTwoDays(), output.console()).run())
                    .isEqualTo(ExitStatus.OK);
        }
        assertThat(keys()).hasSize(4);
    }

    @Test
    void gc_transactionWithoutABlobIsTheLast_countsToo() throws IOException {
        putOrphan(9, TID + 6);
        test.data
                .transaction(TID + 7)
                .store(0, "\u0080\u0003cpersistent.mapping\nPersistentMapping\nq\u0000.")
                .finish();
        assertThat(collect(options(true), inTwoDays())).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("deleted")).isEqualTo(1L);
    }

    @Test
    void gc_damagedDataFile_deletesNothing() throws IOException {
        putOrphan(9, TID);
        try (Site site = test.site()) {
            byte[] bytes = Files.readAllBytes(site.data());
            bytes[12]++;
            Files.write(site.data(), bytes);
            GcBucket collection = new GcBucket(site, options(true), inTwoDays(), output.console());
            assertThatThrownBy(collection::run)
                    .hasMessageContaining("is damaged")
                    .hasMessageContaining("nothing is");
        }
        assertThat(keys()).hasSize(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0080\u0003cZODB.blob\nBlob\nq\u0000\u00ff.\u0080\u0003N.", ".zdamaged", ".esecret"})
    void gc_recordThatCannotBeRead_isNamedAndDeletesNothing(String record) throws IOException {
        putOrphan(9, TID);
        test.data.transaction(TID + 6).store(6, record).finish();
        assertThatThrownBy(() -> collect(options(true), inTwoDays()))
                .hasMessageContaining("Data.fs cannot be read in full")
                .hasMessageContaining("nothing is deleted")
                .hasMessageContaining(
                        "the record of object 0x06 cannot be read, at offset " + test.data.position(6) + ": pickle");
        assertThat(keys()).hasSize(6);
    }

    @Test
    void gc_readOnlyBucket_isRefusedBeforeAnyRequest() throws IOException {
        putOrphan(9, TID);
        int before = test.proxy().requests();
        try (Site site = test.site(true)) {
            GcBucket collection = new GcBucket(site, options(true), inTwoDays(), output.console());
            assertThatThrownBy(collection::run).hasMessageContaining("read-only-bucket is on");
        }
        assertThat(test.proxy().requests()).isEqualTo(before);
    }

    @Test
    void gc_deletingIsDenied_stopsAndSaysSo() throws IOException {
        putOrphan(9, TID);
        putOrphan(10, TID);
        // After the list.
        test.proxy().setAfter(1, new Fault.Status(403));
        assertThat(collect(options(true), inTwoDays())).isEqualTo(ExitStatus.FAILED);
        assertThat(output.text()).contains("HTTP 403");
        assertThat(keys()).hasSize(7);
    }

    private int mirror(boolean dryRun) throws IOException {
        Files.createDirectories(home.resolve("mirror"));
        return mirror(dryRun, new DirectoryStore(home.resolve("mirror")));
    }

    private int mirror(boolean dryRun, BlobStore to) throws IOException {
        return mirror(dryRun, to, KeyLayout.FLAT);
    }

    private int mirror(boolean dryRun, BlobStore to, KeyLayout layout) throws IOException {
        return mirror(dryRun, to, layout, EFFORT);
    }

    private int mirror(boolean dryRun, BlobStore to, KeyLayout layout, Effort effort) throws IOException {
        output = new ToolOutput();
        TierSettings settings = new TierSettings(1, 2, Duration.ofMillis(1), Duration.ofMillis(1), 1000);
        Path temporary = Files.createDirectories(home.resolve("temporary"));
        try (Site site = test.site();
                RetryingStore target = new RetryingStore(to, settings)) {
            Mirror.Options options = new Mirror.Options(temporary, effort, dryRun, true);
            return new Mirror(site, target, layout, options, output.console()).run();
        }
    }

    @Test
    void mirror_copiesWhatIsNotThereAndDeletesNothing() throws IOException {
        put("notes.txt");
        assertThat(mirror(true)).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("selected")).isEqualTo(5L);
        assertThat(home.resolve("mirror")).isEmptyDirectory();
        assertThat(mirror(false)).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("copied")).isEqualTo(5L);
        for (int oid = 1; oid <= 5; oid++) {
            assertThat(home.resolve("mirror").resolve(test.key(oid, TID + oid)))
                    .hasBinaryContent(TestSite.bytes(oid, TID + oid, 1000 * oid));
        }
        test.commit(6, TID + 6, 600);
        test.archive(100, Afterwards.REMOVE);
        try (BlobStore store = test.store(true)) {
            store.delete(test.key(1, TID + 1));
        }
        Files.write(home.resolve("mirror").resolve(test.key(2, TID + 2)), new byte[5]);
        assertThat(mirror(false)).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("copied")).isEqualTo(2L);
        assertThat(home.resolve("mirror").resolve(test.key(1, TID + 1))).exists();
        assertThat(home.resolve("mirror").resolve(test.key(2, TID + 2)))
                .hasBinaryContent(TestSite.bytes(2, TID + 2, 2000));
        assertThat(home.resolve("temporary")).isEmptyDirectory();
    }

    @Test
    void mirror_targetWithAnotherLayout_hasItsOwnNames() throws IOException {
        Path to = Files.createDirectories(home.resolve("mirror"));
        for (long copied : List.of(5L, 0L)) {
            assertThat(mirror(false, new DirectoryStore(to), KeyLayout.NESTED)).isEqualTo(ExitStatus.OK);
            assertThat(output.json().get("copied")).isEqualTo(copied);
        }
        for (int oid = 1; oid <= 5; oid++) {
            assertThat(to.resolve(KeyLayout.NESTED.key(oid, TID + oid)))
                    .hasBinaryContent(TestSite.bytes(oid, TID + oid, 1000 * oid));
            assertThat(to.resolve(KeyLayout.FLAT.key(oid, TID + oid))).doesNotExist();
        }
    }

    @Test
    void mirror_damagedObject_isNotCopied() throws IOException {
        Path file = Files.write(home.resolve("upload"), new byte[100]);
        try (BlobStore store = test.store(true)) {
            store.put(test.key(1, TID + 1), file, 0x1234, "text/plain");
        }
        assertThat(mirror(false)).isEqualTo(ExitStatus.FAILED);
        Map<?, ?> json = output.json();
        assertThat(json.get("copied")).isEqualTo(4L);
        assertThat(ToolOutput.objects(json, "failed"))
                .singleElement()
                .satisfies(failed -> assertThat((String) failed.get("message")).contains("is damaged"));
        assertThat(home.resolve("mirror").resolve(test.key(1, TID + 1))).doesNotExist();
    }

    @Test
    void mirror_targetWithAnotherObjectThatIsWhole_namesBoth() throws Exception {
        Path file = Files.write(home.resolve("upload"), new byte[100]);
        try (S3Server other = S3Server.start(Files.createDirectories(home.resolve("other")));
                S3Store target = new S3Store(other.settings("mirror/"))) {
            target.put(test.key(1, TID + 1), file, FileChecksum.crc32c(file), "text/plain");
            assertThat(mirror(false, target)).isEqualTo(ExitStatus.FAILED);
        }
        try (BlobStore source = test.store(true)) {
            assertThat(ToolOutput.objects(output.json(), "failed"))
                    .singleElement()
                    .satisfies(failed -> assertThat((String) failed.get("message"))
                            .contains("mirror/" + test.key(1, TID + 1) + " (100 bytes) has other bytes than "
                                    + source.name() + test.key(1, TID + 1) + " (1000 bytes)"));
        }
    }

    @Test
    void mirror_pageOfAProxyInThePlaceOfEveryObject_isNotCopied() throws IOException {
        // After the list.
        Fault page = new Fault.Page("ETag: \"1\"\r\n", "<html>We are back soon</html>");
        test.proxy().setAfter(1, page, Integer.MAX_VALUE);
        assertThat(mirror(false)).isEqualTo(ExitStatus.FAILED);
        assertThat(ToolOutput.objects(output.json(), "failed")).hasSize(5);
        assertThat(home.resolve("mirror")).isEmptyDirectory();
    }

    @Test
    void mirror_objectOfAnotherLengthThanListed_isNotCopied() throws IOException {
        // After the list.
        test.proxy().setAfter(1, new Fault.Page("ETag: \"1\"\r\nx-amz-id-2: 1\r\n", "<html>We are back soon</html>"));
        assertThat(mirror(false)).isEqualTo(ExitStatus.FAILED);
        assertThat(output.json().get("copied")).isEqualTo(4L);
        assertThat(ToolOutput.objects(output.json(), "failed"))
                .singleElement()
                .satisfies(failed -> assertThat((String) failed.get("message")).contains("came with 29 bytes"));
        try (var copies = Files.list(home.resolve("mirror"))) {
            assertThat(copies).hasSize(4);
        }
    }

    @Test
    void mirror_objectsAreDeletedMeanwhile_isNoFailure() throws IOException {
        DirectoryStore target = new DirectoryStore(Files.createDirectories(home.resolve("mirror")));
        BlobStore deleting = (BlobStore) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {BlobStore.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("put")) {
                        // The largest is the first.
                        try (BlobStore source = test.store(true)) {
                            source.delete(test.key(1, TID + 1));
                            source.delete(test.key(2, TID + 2));
                        }
                    }
                    try {
                        return method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        assertThat(mirror(false, deleting, KeyLayout.FLAT, new Effort(1, 0))).isEqualTo(ExitStatus.OK);
        assertThat(output.json().get("copied")).isEqualTo(3L);
        assertThat(output.json().get("gone")).isEqualTo(2L);
    }

    @Test
    void mirror_objectsThatAreNotFoundAndStillListed_isAFailure() throws IOException {
        String missing = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
        // After the list.
        test.proxy().setAfter(1, new Fault.Page(404, "x-amz-id-2: 1\r\n", missing), 5);
        assertThat(mirror(false)).isEqualTo(ExitStatus.FAILED);
        assertThat(output.json().get("copied")).isEqualTo(0L);
        assertThat(output.json().get("gone")).isEqualTo(0L);
        assertThat(ToolOutput.objects(output.json(), "failed"))
                .hasSize(5)
                .allSatisfy(failed -> assertThat(failed.get("message")).isEqualTo("not found, and listed"));
        test.proxy().setAfter(1, new Fault.Page(404, "x-amz-id-2: 1\r\n", missing), Integer.MAX_VALUE);
        assertThat(mirror(false)).isEqualTo(ExitStatus.FAILED);
        assertThat(ToolOutput.objects(output.json(), "failed"))
                .hasSize(5)
                .allSatisfy(failed -> assertThat((String) failed.get("message")).contains("is not known: "));
    }

    @Test
    void mirror_balancerWithoutAStore_isAFailure() throws IOException {
        // After the list.
        test.proxy().setAfter(1, new Fault.Page(404, "", "<html>No such page</html>"), Integer.MAX_VALUE);
        assertThat(mirror(false)).isEqualTo(ExitStatus.FAILED);
        assertThat(output.json().get("gone")).isEqualTo(0L);
        assertThat(ToolOutput.objects(output.json(), "failed")).hasSize(5);
    }

    @Test
    void mirror_targetThatCannotBeWrittenTo_isSaidBeforeAnythingIsFetched() throws IOException {
        BlobStore target = new ReadOnlyStore(new DirectoryStore(Files.createDirectories(home.resolve("mirror"))));
        int before = test.proxy().requests();
        assertThatThrownBy(() -> mirror(false, target)).hasMessageContaining("read-only-bucket is on");
        // The list.
        assertThat(test.proxy().requests()).isEqualTo(before + 1);
    }

    @Test
    void mirror_tenRefusalsInARow_endIt() throws IOException {
        for (int oid = 20; oid < 32; oid++) {
            putOrphan(oid, TID);
        }
        // After the list.
        test.proxy().setAfter(1, new Fault.Status(403), Integer.MAX_VALUE);
        Path to = Files.createDirectories(home.resolve("mirror"));
        assertThat(mirror(false, new DirectoryStore(to), KeyLayout.FLAT, new Effort(1, 0)))
                .isEqualTo(ExitStatus.FAILED);
        assertThat(ToolOutput.objects(output.json(), "failed")).hasSize(10);
        assertThat(output.json().get("not_tried")).isEqualTo(7L);
        assertThat(to).isEmptyDirectory();
    }

    @Test
    void mirror_whatAKilledRunHasLeft_isRemovedAfterADay() throws IOException {
        Path temporary = Files.createDirectories(home.resolve("temporary"));
        Path old = Files.write(temporary.resolve("zeolite-mirror-1.tmp"), new byte[10]);
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(DAY.multipliedBy(2))));
        Path young = Files.write(temporary.resolve("zeolite-mirror-2.tmp"), new byte[10]);
        assertThat(mirror(false)).isEqualTo(ExitStatus.OK);
        assertThat(temporary).isDirectoryContaining(young::equals).isDirectoryNotContaining(old::equals);
    }

    @Test
    void mirror_targetDoesNotKnowWhatItIsAsked_isAFailure() throws Exception {
        try (S3Server other = S3Server.start(Files.createDirectories(home.resolve("other")));
                FaultProxy proxy = FaultProxy.before(other.port())) {
            Credentials keys = new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null);
            S3Settings settings = S3Server.settings(proxy.endpoint(), "mirror/", keys);
            // After the list, and the probe that is written and deleted.
            proxy.setAfter(3, new Fault.Status(404), Integer.MAX_VALUE);
            assertThat(mirror(false, new S3Store(settings))).isEqualTo(ExitStatus.FAILED);
            assertThat(output.json().get("copied")).isEqualTo(0L);
            assertThat(output.json().get("gone")).isEqualTo(0L);
            assertThat(ToolOutput.objects(output.json(), "failed")).hasSize(5);
            proxy.set(new Fault.Status(404));
            assertThatThrownBy(() -> mirror(true, new S3Store(settings))).hasMessageContaining("HTTP 404");
        }
    }
}
