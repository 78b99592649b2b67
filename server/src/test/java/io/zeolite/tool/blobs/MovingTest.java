package io.zeolite.tool.blobs;

import static io.zeolite.tool.blobs.TestSite.EFFORT;
import static io.zeolite.tool.blobs.TestSite.TID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Age;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blobs on their way to the bucket and back. */
final class MovingTest {
    private static final BlobSelection ALL = new BlobSelection(Tid.NONE, Tid.MAX, 0, Set.of(), Integer.MAX_VALUE);

    private static final int NOBODY = 65534;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    private static ToolOutput archive(TestSite test, boolean dryRun, boolean json, int status) throws IOException {
        ToolOutput output = new ToolOutput();
        try (Site site = test.site()) {
            Archive.Options options =
                    new Archive.Options(Selection.of(Age.ANY, 501, 100), Afterwards.REMOVE, EFFORT, dryRun, json);
            assertThat(new Archive(site, options, output.console()).run())
                    .as(output.text())
                    .isEqualTo(status);
        }
        return output;
    }

    private static ToolOutput restore(TestSite test, BlobSelection selection, boolean dryRun, boolean json, int status)
            throws IOException {
        ToolOutput output = new ToolOutput();
        try (Site site = test.site()) {
            Restore.Options options = new Restore.Options(selection, EFFORT, dryRun, json);
            assertThat(new Restore(site, options, output.console()).run())
                    .as(output.text())
                    .isEqualTo(status);
        }
        return output;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void archiveAndRestore_leaveEveryByteWhereItBelongs(boolean inBucket) throws Exception {
        try (TestSite test = new TestSite(home, inBucket)) {
            for (int oid = 1; oid <= 20; oid++) {
                test.commit(oid, TID + oid, 100 * oid);
            }
            assertThat(archive(test, true, false, ExitStatus.OK).lines())
                    .hasSize(16)
                    .first()
                    .isEqualTo("2000 " + test.file(20, TID + 20));
            assertThat(test.file(20, TID + 20)).exists();
            Map<?, ?> done = archive(test, false, true, ExitStatus.OK).json();
            assertThat(done.get("proven")).isEqualTo(15L);
            assertThat(done.get("written")).isEqualTo(15L);
            assertThat(done.get("local_files")).isEqualTo("remove");
            assertThat(test.file(20, TID + 20)).doesNotExist();
            assertThat(test.file(5, TID + 5)).exists();

            BlobSelection some = new BlobSelection(TID + 10, TID + 12, 0, Set.of(11L, 12L, 13L), 1);
            assertThat(restore(test, some, true, false, ExitStatus.OK).text()).contains("1 blob, 1.2 KB, would come");
            assertThat(test.file(12, TID + 12)).doesNotExist();
            restore(test, some, false, false, ExitStatus.OK);
            assertThat(test.file(12, TID + 12)).exists();
            assertThat(test.file(11, TID + 11)).doesNotExist();
            Map<?, ?> back = restore(test, ALL, false, true, ExitStatus.OK).json();
            assertThat(back.get("restored")).isEqualTo(14L);
            assertThat(back.get("without_checksum")).isEqualTo(inBucket ? 0L : 14L);
            for (int oid = 1; oid <= 20; oid++) {
                assertThat(test.file(oid, TID + oid)).hasBinaryContent(TestSite.bytes(oid, TID + oid, 100 * oid));
                assertThat(Files.isWritable(test.file(oid, TID + oid).toRealPath())
                                && !System.getProperty("user.name").equals("root"))
                        .isFalse();
            }
            assertThat(restore(test, ALL, false, false, ExitStatus.OK).text()).startsWith("0 of 0 blobs restored");
            try (var leftovers = Files.list(home.resolve("blobs/tmp"))) {
                assertThat(leftovers).isEmpty();
            }
        }
    }

    @Test
    void restore_intoAnEmptyDirectory_makesOneThatServersCanUse() throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(0x1234, TID, 1000);
            test.archive(10, Afterwards.REMOVE);
            Path lost = home.resolve("lost");
            Files.move(home.resolve("blobs"), lost);
            restore(test, ALL, false, false, ExitStatus.OK);
            assertThat(home.resolve("blobs/.layout")).hasContent("bushy");
            assertThat(test.file(0x1234, TID)).hasBinaryContent(TestSite.bytes(0x1234, TID, 1000));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void restore_relativeDirectoryThatIsNotThere_isRefused(boolean dryRun) throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(1, TID, 1000);
            test.archive(10, Afterwards.REMOVE);
            Path elsewhere = home.resolve("elsewhere");
            try (Site site = test.siteWith(TestSite.relative(elsewhere))) {
                Restore restore =
                        new Restore(site, new Restore.Options(ALL, EFFORT, dryRun, false), new ToolOutput().console());
                assertThatThrownBy(restore::run)
                        .hasMessageContaining("no such directory: ")
                        .hasMessageContaining("the blob-dir of storage 1");
            }
            assertThat(elsewhere).doesNotExist();
        }
    }

    @Test
    void restore_relativeDirectory_isNamedInFull() throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(1, TID, 1000);
            test.archive(10, Afterwards.REMOVE);
            Path relative = TestSite.relative(home.resolve("blobs"));
            ToolOutput output = new ToolOutput();
            try (Site site = test.siteWith(relative)) {
                new Restore(site, new Restore.Options(ALL, EFFORT, false, false), output.console()).run();
            }
            assertThat(output.text()).contains(" to " + relative.toAbsolutePath() + "; ");
            assertThat(test.file(1, TID)).exists();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void restore_asRoot_givesWhatItMakesToTheOwnerOfTheDirectory(boolean isNew) throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(0x1234, TID, 1000);
            test.archive(10, Afterwards.REMOVE);
            Path blobs = home.resolve("blobs");
            assertThat(blobs.resolve("0x00")).doesNotExist();
            if (isNew) {
                Files.move(blobs, home.resolve("lost"));
            }
            giveAway(isNew ? home : blobs);
            restore(test, ALL, false, false, ExitStatus.OK);
            List<Path> made = new ArrayList<>();
            try (Stream<Path> files = Files.walk(isNew ? blobs : blobs.resolve("0x00"))) {
                files.forEach(made::add);
            }
            // With the file itself.
            assertThat(made).hasSize(isNew ? 12 : 9).allSatisfy(path -> {
                assertThat(Files.getAttribute(path, "unix:uid")).isEqualTo(NOBODY);
                assertThat(Files.getAttribute(path, "unix:gid")).isEqualTo(NOBODY);
            });
        }
    }

    private static void giveAway(Path directory) {
        try {
            Files.setAttribute(directory, "unix:uid", NOBODY);
            Files.setAttribute(directory, "unix:gid", NOBODY);
        } catch (IOException e) {
            Assumptions.abort("only root can give a directory to somebody else: " + e);
        }
    }

    @Test
    void restore_missingObject_countsOnlyForItsSelection() throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(1, TID, 1000);
            test.commit(2, TID + 1, 1000);
            test.archive(10, Afterwards.REMOVE);
            try (BlobStore store = test.store(true)) {
                store.delete(test.key(2, TID + 1));
            }
            BlobSelection found = new BlobSelection(Tid.NONE, Tid.MAX, 0, Set.of(1L), 10);
            assertThat(restore(test, found, false, false, ExitStatus.OK).text()).startsWith("1 of 1 blob restored");
            BlobSelection before = new BlobSelection(Tid.NONE, TID, 0, Set.of(), 10);
            restore(test, before, false, false, ExitStatus.OK);
            BlobSelection missing = new BlobSelection(Tid.NONE, Tid.MAX, 500, Set.of(2L), 10);
            assertThat(restore(test, missing, false, false, ExitStatus.FAILED).text())
                    .startsWith("MISSING");
        }
    }

    @Test
    void archive_damagedFile_isNamedAndItsObjectComesBackOnceItIsMovedAway() throws Exception {
        try (TestSite test = new TestSite(home, true)) {
            test.commit(1, TID, 1000);
            test.archive(10, Afterwards.KEEP);
            Path file = test.file(1, TID);
            Files.delete(file);
            Files.write(file, new byte[1000]);
            ToolOutput output = archive(test, false, false, ExitStatus.FAILED);
            assertThat(output.text())
                    .contains("FAILED " + file + ": s3://blobs/site/" + test.key(1, TID))
                    .contains("whole by its checksum", "move it away", "1 blob failed");
            assertThat(file).hasBinaryContent(new byte[1000]);
            Files.move(file, home.resolve("damaged"));
            restore(test, ALL, false, false, ExitStatus.OK);
            assertThat(file).hasBinaryContent(TestSite.bytes(1, TID, 1000));
        }
    }

    @Test
    void restore_damagedOrMissingObject_isNamedAndNothingIsPutInItsPlace() throws Exception {
        try (TestSite test = new TestSite(home, true)) {
            test.commit(1, TID, 1000);
            test.commit(2, TID + 1, 1000);
            test.commit(3, TID + 2, 1000);
            test.archive(10, Afterwards.REMOVE);
            Path other = Files.write(home.resolve("other"), new byte[1000]);
            try (BlobStore store = test.store(true)) {
                store.put(test.key(1, TID), other, 0x1234, "text/plain");
                store.delete(test.key(2, TID + 1));
            }
            Map<?, ?> json = restore(test, ALL, false, true, ExitStatus.FAILED).json();
            assertThat(json.get("restored")).isEqualTo(1L);
            assertThat(ToolOutput.objects(json, "failed")).singleElement().satisfies(failed -> assertThat(
                            (String) failed.get("message"))
                    .contains("is damaged: CRC-32C", "(expected: 00001234)"));
            assertThat(ToolOutput.objects(json, "missing"))
                    .singleElement()
                    .satisfies(missing -> assertThat(missing.get("oid")).isEqualTo("0x02"));
            assertThat(test.file(1, TID)).doesNotExist();
        }
    }

    @Test
    void restore_objectOfAnotherLengthThanListed_isNotTaken() throws Exception {
        try (TestSite test = new TestSite(home, true)) {
            test.commit(1, TID, 1000);
            test.archive(10, Afterwards.REMOVE);
            // After the list.
            test.proxy()
                    .setAfter(1, new Fault.Page("ETag: \"1\"\r\nx-amz-id-2: 1\r\n", "<html>We are back soon</html>"));
            ToolOutput output = restore(test, ALL, false, false, ExitStatus.FAILED);
            assertThat(output.text())
                    .contains("came with 29 bytes (expected: 1000, as it is listed)")
                    .doesNotContain("the length was compared");
            assertThat(test.file(1, TID)).doesNotExist();
        }
    }

    @Test
    void restore_pageOfAProxyInThePlaceOfEveryObject_isNotTakenForOne() throws Exception {
        try (TestSite test = new TestSite(home, true)) {
            String page = "<html>We are back soon</html>";
            test.commit(1, TID, page.length());
            test.archive(10, Afterwards.REMOVE);
            // After the list.
            test.proxy().setAfter(1, new Fault.Page("ETag: \"1\"\r\n", page), Integer.MAX_VALUE);
            restore(test, ALL, false, false, ExitStatus.FAILED);
            assertThat(test.file(1, TID)).doesNotExist();
        }
    }

    @Test
    void archive_someRequestsFail_saysWhichAndTheNextRunFinishes() throws Exception {
        try (TestSite test = new TestSite(home, true)) {
            test.commit(1, TID, 1000);
            test.commit(2, TID + 1, 2000);
            test.proxy().set(new Fault.Status(403), 1);
            ToolOutput output = archive(test, false, false, ExitStatus.FAILED);
            assertThat(output.text())
                    .contains("FAILED ", "HTTP 403", "1 of 2 blobs are proven to be in s3://blobs/site/")
                    .contains("1 blob failed");
            assertThat(archive(test, false, false, ExitStatus.OK).text()).startsWith("1 of 1 blob");
        }
    }

    @Test
    void archive_readOnlyBucket_isRefused() throws Exception {
        try (TestSite test = new TestSite(home, true);
                Site site = test.site(true)) {
            Archive.Options options =
                    new Archive.Options(Selection.of(Age.ANY, 0, 10), Afterwards.REMOVE, EFFORT, false, false);
            assertThatThrownBy(() -> new Archive(site, options, new ToolOutput().console()).run())
                    .hasMessageContaining("read-only-bucket is on");
            assertThat(test.proxy().requests()).isZero();
        }
    }

    @Test
    void restore_faultAtEveryRequest_putsNoWrongBytesAnywhereAndTheNextRunFinishes() throws Exception {
        List<Fault> faults = List.of(
                new Fault.Status(503),
                new Fault.Status(403),
                new Fault.Cut(0),
                new Fault.Cut(400),
                new Fault.Cut(50_000));
        try (TestSite test = new TestSite(home, true)) {
            for (int oid = 1; oid <= 2; oid++) {
                test.commit(oid, TID + oid, 100_000);
            }
            for (Fault fault : faults) {
                // A list, and an object each.
                for (int position = 0; position < 3; position++) {
                    test.archive(10, Afterwards.REMOVE);
                    test.proxy().setAfter(position, fault, 5);
                    ToolOutput output = new ToolOutput();
                    try (Site site = test.site()) {
                        new Restore(site, new Restore.Options(ALL, EFFORT, false, false), output.console()).run();
                    } catch (IOException e) {
                        assertThat(e).hasMessageContaining("s3://blobs/site/");
                    }
                    for (int oid = 1; oid <= 2; oid++) {
                        Path file = test.file(oid, TID + oid);
                        assertThat(Files.notExists(file)
                                        || Arrays.equals(
                                                Files.readAllBytes(file), TestSite.bytes(oid, TID + oid, 100_000)))
                                .as(fault + " at request " + position)
                                .isTrue();
                    }
                    test.proxy().set(new Fault.None());
                    restore(test, ALL, false, false, ExitStatus.OK);
                    for (int oid = 1; oid <= 2; oid++) {
                        assertThat(test.file(oid, TID + oid)).hasBinaryContent(TestSite.bytes(oid, TID + oid, 100_000));
                    }
                }
            }
            try (var leftovers = Files.list(home.resolve("blobs/tmp"))) {
                assertThat(leftovers).isEmpty();
            }
        }
    }
}
