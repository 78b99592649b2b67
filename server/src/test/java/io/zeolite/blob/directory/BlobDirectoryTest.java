package io.zeolite.blob.directory;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.logging.RecordedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlobDirectoryTest {
    private static final long TID = 0x03e9000100000000L;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path temp;

    @Test
    void stageAgain_committedRevision_isCommittedOnceMore() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path first = blobs.newTemporaryFile();
        Files.writeString(first, "content");
        blobs.prepare(1);
        blobs.commit(first, 1, TID);

        Path staged = blobs.stageAgain(1, TID);
        assertThat(staged).hasContent("content");
        blobs.commit(staged, 1, TID + 1);

        assertThat(blobs.path(1, TID)).hasContent("content");
        assertThat(blobs.path(1, TID + 1)).hasContent("content").isReadable();
        assertThat(Files.getPosixFilePermissions(blobs.path(1, TID + 1)))
                .isEqualTo(Files.getPosixFilePermissions(blobs.path(1, TID)));
        assertThat(names(temp.resolve("tmp"))).isEmpty();
        blobs.remove(1, TID + 1);
        assertThat(blobs.path(1, TID)).hasContent("content");
    }

    @Test
    void stageAgain_noFile_isPosKeyErrorAndLeavesNothing() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);

        assertThatThrownBy(() -> blobs.stageAgain(1, TID)).isInstanceOf(PosKeyException.class);
        assertThat(names(temp.resolve("tmp"))).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void force_whatCannotBeForced_isNamed() {
        assertThatIOException()
                .isThrownBy(() -> BlobDirectory.force(Path.of("/dev/null")))
                .withMessageStartingWith("cannot force the blob /dev/null: ");
    }

    @Test
    void blob_inADirectoryThatIsNotSynced_isCommittedLikeAnyOther() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp.resolve("blobs"), false);
        Path staged = blobs.newTemporaryFile();
        Files.writeString(staged, "content");

        blobs.forceFile(staged);
        blobs.prepare(1);
        blobs.forceDirectories(List.of(blobs.commit(staged, 1, TID)), Runnable::run);

        assertThat(blobs.isSynced()).isFalse();
        assertThat(blobs.path(1, TID)).hasContent("content");
        assertThat(Files.getPosixFilePermissions(blobs.path(1, TID))).doesNotContain(PosixFilePermission.OWNER_WRITE);
        assertThat(BlobDirectory.open(temp.resolve("blobs")).isSynced()).isTrue();
    }

    // Layouts

    @Test
    void openLocked_directoryOfAnotherServer_isRefusedAndLeftAlone() throws IOException {
        try (BlobDirectory blobs = BlobDirectory.openLocked(new RealDisk(), temp, true)) {
            Path upload = blobs.newTemporaryFile();
            assertThatThrownBy(() -> BlobDirectory.openLocked(new RealDisk(), temp, true))
                    .isInstanceOf(LockedException.class)
                    .hasMessageContaining("locked: " + temp.resolve(".zeolite-lock") + " (held by process ");
            assertThat(upload).exists();
        }
        BlobDirectory.openLocked(new RealDisk(), temp, true).close();
    }

    @Test
    void open_absentDirectory_isBushyWithMarkerAndTmp() throws Exception {
        Path dir = temp.resolve("above/blobs");

        BlobDirectory blobs = BlobDirectory.open(dir);

        assertThat(names(dir)).containsExactlyInAnyOrder(".layout", "tmp");
        assertThat(dir.resolve(".layout")).hasContent("bushy");
        assertThat(blobs.path(1, TID))
                .isEqualTo(dir.resolve("0x00/0x00/0x00/0x00/0x00/0x00/0x00/0x01/0x03e9000100000000.blob"));
        assertThat(blobs.oidDirectory(0xfedcba9876543210L))
                .isEqualTo(dir.resolve("0xfe/0xdc/0xba/0x98/0x76/0x54/0x32/0x10"));
    }

    @ParameterizedTest
    @CsvSource({"0, 0x00", "1, 0x01", "19088743, 0x01234567", "256, 0x0100", "-1, 0xffffffffffffffff"})
    void oidDirectory_lawn_isThePrintedOid(long oid, String name) throws Exception {
        Files.writeString(temp.resolve(".layout"), "lawn\n");

        assertThat(BlobDirectory.open(temp).oidDirectory(oid)).isEqualTo(temp.resolve(name));
    }

    @Test
    void path_smallTid_leavesLeadingZeroBytesOut() throws Exception {
        assertThat(BlobDirectory.open(temp).path(1, 10).getFileName()).hasToString("0x0a.blob");
    }

    @ParameterizedTest
    @CsvSource({"0x01, lawn", "tmp, lawn", ".hidden, bushy", ".removed, bushy"})
    void open_noMarker_decidesByWhatIsVisible(String entry, String layout) throws Exception {
        Files.createDirectory(temp.resolve(entry));

        BlobDirectory.open(temp);

        assertThat(temp.resolve(".layout")).hasContent(layout);
    }

    @Test
    void open_emptyDirectory_isBushy() throws Exception {
        BlobDirectory.open(temp);

        assertThat(temp.resolve(".layout")).hasContent("bushy");
    }

    /** As {@code cp -r} leaves it, which takes no names with a dot. */
    @Test
    void open_noMarkerAndABushyTree_isRefused() throws Exception {
        Files.createDirectories(temp.resolve("0x00/0x00"));

        assertThatIOException()
                .isThrownBy(() -> BlobDirectory.open(temp))
                .withMessageContaining(temp.resolve(".layout").toString())
                .withMessageContaining("the word bushy");
        assertThat(temp.resolve(".layout")).doesNotExist();
        // As ZODB writes it then, and stores more there.
        Files.writeString(temp.resolve(".layout"), "lawn");
        try (RecordedLog log = new RecordedLog("io.zeolite.blob.directory.BlobDirectory")) {
            BlobDirectory.open(temp);
            assertThat(log.messages())
                    .singleElement()
                    .asString()
                    .contains("says lawn, and " + temp.resolve("0x00/0x00"));
        }
    }

    @Test
    void isNew_untilItHasBeenOpened() throws Exception {
        Path directory = temp.resolve("blobs");
        assertThat(BlobDirectory.isNew(directory)).isTrue();
        Files.createDirectories(directory);
        assertThat(BlobDirectory.isNew(directory)).isTrue();

        BlobDirectory.open(directory);

        assertThat(BlobDirectory.isNew(directory)).isFalse();
        Files.delete(directory.resolve(".layout"));
        assertThat(BlobDirectory.isNew(directory)).as("a lawn").isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "zeocache", "Bushy", "bushy lawn"})
    void open_markerOfAnotherLayout_isRefused(String marker) throws Exception {
        Files.writeString(temp.resolve(".layout"), marker);

        assertThatIOException()
                .isThrownBy(() -> BlobDirectory.open(temp))
                .withMessageContaining("'" + marker + "'")
                .withMessageContaining(temp.resolve(".layout").toString())
                .withMessageContaining("expected: bushy or lawn");
        assertThat(names(temp)).containsExactly(".layout");
    }

    @Test
    void open_markerInOtherBytesThanText_isRefused() throws Exception {
        Files.write(temp.resolve(".layout"), new byte[] {(byte) 0xff, 0, 1});

        assertThatIOException().isThrownBy(() -> BlobDirectory.open(temp)).withMessageContaining("unknown layout");
    }

    @Test
    void open_markerWithBlanksAround_isRead() throws Exception {
        Files.writeString(temp.resolve(".layout"), " lawn \r\n");

        assertThat(BlobDirectory.open(temp).oidDirectory(1)).isEqualTo(temp.resolve("0x01"));
    }

    @Test
    void open_symbolicLinks_areFollowed() throws Exception {
        Path real = Files.createDirectory(temp.resolve("real"));
        Path elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
        Path dir = Files.createSymbolicLink(temp.resolve("link"), real);
        Files.writeString(real.resolve(".layout"), "bushy");
        Files.createSymbolicLink(real.resolve("tmp"), elsewhere);

        Path file = BlobDirectory.open(dir).newTemporaryFile();

        assertThat(names(elsewhere)).containsExactly(file.getFileName().toString());
    }

    @Test
    void open_pathOfAFile_fails() throws Exception {
        Path file = Files.createFile(temp.resolve("blobs"));

        assertThatIOException().isThrownBy(() -> BlobDirectory.open(file)).withMessageContaining(file.toString());
    }

    @Test
    void openReadOnly_changesNothing() throws Exception {
        Files.createDirectories(temp.resolve("0x01"));
        Files.createFile(Files.createDirectory(temp.resolve("tmp")).resolve("tmpabcdefgh"));

        BlobDirectory blobs = BlobDirectory.openReadOnly(temp);

        assertThat(blobs.oidDirectory(1)).isEqualTo(temp.resolve("0x01"));
        assertThat(names(temp)).containsExactlyInAnyOrder("0x01", "tmp");
        assertThat(names(temp.resolve("tmp"))).containsExactly("tmpabcdefgh");
    }

    // Leftovers

    @Test
    void open_leftovers_removesFilesOnlyAndFollowsNoLinks() throws Exception {
        BlobDirectory first = BlobDirectory.open(temp);
        Path tmp = temp.resolve("tmp");
        first.newTemporaryFile();
        Files.createFile(tmp.resolve("tmpq1w2e3r4"));
        Files.createFile(tmp.resolve("CTFTq1w2e3r4.tmp"));
        Path victim = Files.writeString(temp.resolve("victim"), "kept");
        Files.createSymbolicLink(tmp.resolve("link"), victim);
        Files.createFile(Files.createDirectory(tmp.resolve("directory")).resolve("file"));

        BlobDirectory.open(temp);

        assertThat(names(tmp)).containsExactlyInAnyOrder("link", "directory");
        assertThat(tmp.resolve("directory/file")).exists();
        assertThat(victim).hasContent("kept");
    }

    @Test
    void open_leftovers_keepsWhatAClientIsWriting() throws Exception {
        Path tmp = Files.createDirectories(temp.resolve("tmp"));
        Files.createFile(tmp.resolve("BUCfresh"));
        Path old = Files.createFile(tmp.resolve("BUCold"));
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(25))));

        BlobDirectory.open(temp);

        assertThat(names(tmp)).containsExactly("BUCfresh");
    }

    // Staging

    @Test
    void newTemporaryFile_isPrivateEmptyAndUnique() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Set<Path> files = new HashSet<>();

        for (int i = 0; i < 100; i++) {
            files.add(blobs.newTemporaryFile());
        }

        assertThat(files).hasSize(100).allSatisfy(file -> {
            assertThat(file).isEmptyFile().hasParent(temp.resolve("tmp"));
            assertThat(mode(file)).isEqualTo("rw-------");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0x03e9000100000000abc.tmp-",
                "a.tmp",
                ".tmp",
                "a.tmp.tmp",
                "..tmp",
                "a b\\c\n.tmp-",
                "a.tmp\ud83d\ude00"
            })
    void sharedFile_goodName_isInTheObjectsDirectory(String name) throws Exception {
        BlobDirectory blobs = BlobDirectory.openReadOnly(temp);

        try {
            assertThat(blobs.sharedFile(7, name).getParent()).isEqualTo(blobs.oidDirectory(7));
        } catch (CallException e) {
            // The smiley has no bytes in the file system's encoding if the locale is C.
            assertThat(name).contains("\ud83d");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "/",
                "/etc/passwd",
                "/etc/x.tmp",
                "../x.tmp",
                "a/../x.tmp",
                "a/b.tmp",
                "x.tmp/",
                "a\0b.tmp",
                "x.tmp\0",
                "x.blob",
                "x.tmp--",
                "xtmp",
                "x.TMP",
                "0x03e9000100000000.blob"
            })
    void sharedFile_badName_isAValueError(String name) throws Exception {
        BlobDirectory blobs = BlobDirectory.openReadOnly(temp);

        assertThatExceptionOfType(CallException.class)
                .isThrownBy(() -> blobs.sharedFile(1, name))
                .withMessageContaining("name of a shared blob file")
                .matches(e -> e.pythonClass().equals("builtins.ValueError"));
    }

    @Test
    void sharedFile_nameWithoutBytes_isAValueError() {
        // Half a character, which no encoding of a file system has.
        assertThatExceptionOfType(CallException.class)
                .isThrownBy(() -> BlobDirectory.sharedFile(temp, "\ud83d.tmp"))
                .withMessageContaining("name of a shared blob file")
                .matches(e -> e.pythonClass().equals("builtins.ValueError"));
    }

    @Test
    void prepare_manyAtOnce_createsEveryDirectory() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp.resolve("blobs"));
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (long i = 0; i < 400; i++) {
                // Every directory is prepared by two threads; a few upper levels are new to all of them.
                long oid = (i / 2 % 4) << 40 | i / 2;
                all.add(pool.submit(() -> {
                    blobs.prepare(oid);
                    assertThat(blobs.oidDirectory(oid)).isDirectory();
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void prepare_fileInTheWay_fails() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path inTheWay = Files.createFile(temp.resolve("0x00"));

        assertThatIOException().isThrownBy(() -> blobs.prepare(1)).withMessageContaining(inTheWay.toString());
    }

    @Test
    void forceFile_link_isRefusedAndLeadsNowhere() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path secret = Files.writeString(temp.resolve("secret"), "secret");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        blobs.prepare(1);
        Path staged = Files.createSymbolicLink(blobs.sharedFile(1, "x.tmp-"), secret);

        assertThatIOException().isThrownBy(() -> blobs.forceFile(staged)).withMessageContaining(staged.toString());
        assertThatIOException().isThrownBy(() -> blobs.commit(staged, 1, TID));

        assertThat(mode(secret)).isEqualTo("rw-------");
        assertThat(blobs.path(1, TID)).doesNotExist();
    }

    @Test
    void forceFile_directoryOrNothing_fails() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);

        assertThatIOException()
                .isThrownBy(() -> blobs.forceFile(temp))
                .withMessageContaining(temp + " is not a regular file");
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> blobs.forceFile(blobs.sharedFile(1, "gone.tmp")))
                .withMessageContaining("gone.tmp");
    }

    @Test
    void forceFile_takesWritePermissionsOnly() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path staged = blobs.newTemporaryFile();
        Files.setPosixFilePermissions(staged, PosixFilePermissions.fromString("rw-rw----"));

        blobs.forceFile(staged);

        assertThat(mode(staged)).isEqualTo("r--r-----");
    }

    // Committing

    @ParameterizedTest
    @CsvSource({
        "rwxr-xr-x, r--r--r--",
        "rwx------, r--------",
        "rwxr-x---, r--r-----",
        "rwxrwxrwx, r--r--r--",
        "rwx--xr-x, r-----r--"
    })
    void commit_readableByWhoeverReadsTheDirectory(String directory, String file) throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);
        Files.setPosixFilePermissions(blobs.oidDirectory(1), PosixFilePermissions.fromString(directory));

        blobs.commit(stage(blobs, "data"), 1, TID);

        assertThat(mode(blobs.path(1, TID))).isEqualTo(file);
    }

    @Test
    void forEachCommitted_directoryIsALink_visitsAll() throws Exception {
        Path real = Files.createDirectory(temp.resolve("real"));
        BlobDirectory blobs = BlobDirectory.open(Files.createSymbolicLink(temp.resolve("link"), real));
        Path staged = stage(blobs, "data");
        blobs.prepare(1);
        blobs.commit(staged, 1, TID);
        stage(blobs, "in tmp");
        List<String> visited = new ArrayList<>();

        blobs.forEachCommitted((revision, file) -> visited.add(revision.oid() + " " + file.size()));

        assertThat(visited).containsExactly("1 4");
    }

    @Test
    void commit_temporaryFile_movesIt() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path staged = stage(blobs, "data");
        blobs.prepare(1);
        blobs.forceFile(staged);

        Path directory = blobs.commit(staged, 1, TID);
        blobs.forceDirectories(List.of(directory, directory), Runnable::run);

        assertThat(directory).isEqualTo(blobs.oidDirectory(1));
        assertThat(names(directory)).containsExactly("0x03e9000100000000.blob");
        assertThat(names(temp.resolve("tmp"))).isEmpty();
        assertThat(read(blobs, 1, TID)).isEqualTo("data");
    }

    @Test
    void commit_sharedFile_movesIt() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);
        Path staged = Files.writeString(blobs.sharedFile(1, "0x00abc.tmp-"), "shared");

        blobs.forceFile(staged);
        blobs.commit(staged, 1, TID);

        assertThat(names(blobs.oidDirectory(1))).containsExactly("0x03e9000100000000.blob");
        assertThat(read(blobs, 1, TID)).isEqualTo("shared");
    }

    @Test
    void commit_existingRevision_replacesIt() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);

        blobs.commit(stage(blobs, "first"), 1, TID);
        blobs.commit(stage(blobs, "second"), 1, TID);

        assertThat(read(blobs, 1, TID)).isEqualTo("second");
    }

    @Test
    void commit_stagedFileGone_fails() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);
        Path staged = stage(blobs, "data");
        Files.delete(staged);

        assertThatIOException().isThrownBy(() -> blobs.commit(staged, 1, TID)).withMessageContaining(staged.toString());
        assertThat(names(blobs.oidDirectory(1))).isEmpty();
    }

    @Test
    void commit_tmpOnAnotherFileSystem_copiesAndAppearsAtOnce() throws Exception {
        Path elsewhere = otherFileSystem();
        try {
            Files.createSymbolicLink(temp.resolve("tmp"), elsewhere);
            Files.writeString(temp.resolve(".layout"), "bushy");
            BlobDirectory blobs = BlobDirectory.open(temp);
            blobs.prepare(1);
            Path staged = Files.write(blobs.newTemporaryFile(), new byte[30_000_000]);
            Path committed = blobs.path(1, TID);
            ExecutorService watcher = Executors.newSingleThreadExecutor();
            try {
                Future<Long> firstSize = watcher.submit(() -> {
                    while (!Thread.currentThread().isInterrupted()) {
                        if (Files.exists(committed)) {
                            return Files.size(committed);
                        }
                    }
                    return -1L;
                });

                blobs.commit(staged, 1, TID);

                assertThat(firstSize.get()).isEqualTo(30_000_000L);
            } finally {
                watcher.shutdownNow();
            }
            assertThat(mode(committed)).isEqualTo("r--r--r--");
            assertThat(names(blobs.oidDirectory(1))).hasSize(1);
            assertThat(names(elsewhere)).isEmpty();
        } finally {
            try (Stream<Path> files = Files.list(elsewhere)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(elsewhere);
        }
    }

    @Test
    void commit_directoryHasVanishedSinceItWasPrepared_createsIt() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);
        blobs.commit(stage(blobs, "first"), 1, TID);
        blobs.prepare(1);
        blobs.retire(1, TID, false);
        assertThat(temp.resolve("0x00")).doesNotExist();

        blobs.commit(stage(blobs, "second"), 1, TID + 1);

        assertThat(read(blobs, 1, TID + 1)).isEqualTo("second");
    }

    @Test
    void forceDirectories_whatWasCommittedIsGoneAlready_isDone() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path directory = blobs.commit(stage(blobs, "data"), 1, TID);
        blobs.retire(1, TID, false);

        blobs.forceDirectories(List.of(directory), Runnable::run);

        assertThat(directory).doesNotExist();
    }

    @Test
    @Timeout(60)
    void forceDirectories_several_givesAllButOneToTheHelpers() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        List<Path> directories = new ArrayList<>();
        for (int oid = 1; oid <= 3; oid++) {
            directories.add(blobs.commit(stage(blobs, "data"), oid, TID));
        }
        List<Runnable> given = new ArrayList<>();

        // Helpers that are too busy to begin are not waited for.
        blobs.forceDirectories(directories, given::add);

        assertThat(given).hasSize(2);
    }

    @Test
    void forceDirectories_helperFails_saysWhich() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        Path directory = blobs.commit(stage(blobs, "data"), 1, TID);
        Path noDirectory = blobs.path(1, TID).resolve("x");

        assertThatIOException()
                .isThrownBy(() -> blobs.forceDirectories(List.of(directory, noDirectory), Runnable::run))
                .withMessageContaining("cannot force the directory " + noDirectory);
    }

    @Test
    void commit_whileOthersTakeAway_alwaysFindsItsDirectory() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp, false);
        AtomicLong committed = new AtomicLong();
        int count = 1000;
        ExecutorService archiver = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> taken = archiver.submit(() -> {
                int gone = 0;
                while (gone < count && !Thread.currentThread().isInterrupted()) {
                    if (committed.get() > gone && blobs.retire(1, TID + gone, false)) {
                        gone++;
                    }
                }
                return gone;
            });
            for (int i = 0; i < count; i++) {
                blobs.prepare(1);
                blobs.forceDirectories(List.of(blobs.commit(stage(blobs, "data"), 1, TID + i)), Runnable::run);
                committed.incrementAndGet();
            }
            assertThat(taken.get()).isEqualTo(count);
        } finally {
            archiver.shutdownNow();
        }
        assertThat(temp.resolve("0x00")).doesNotExist();
    }

    @Test
    void retire_lastInALinkedDirectory_leavesTheLink() throws Exception {
        Files.writeString(temp.resolve(".layout"), "bushy");
        Path elsewhere = Files.createDirectories(temp.resolve("tmp/elsewhere"));
        Files.createSymbolicLink(temp.resolve("0x00"), elsewhere);
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.commit(stage(blobs, "data"), 1, TID);

        assertThat(blobs.retire(1, TID, false)).isTrue();

        assertThat(elsewhere).isEmptyDirectory();
        assertThat(temp.resolve("0x00")).isSymbolicLink();
    }

    private Path otherFileSystem() throws IOException {
        Path sharedMemory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(sharedMemory));
        assumeTrue(!Files.getAttribute(sharedMemory, "unix:dev").equals(Files.getAttribute(temp, "unix:dev")));
        return Files.createTempDirectory(sharedMemory, "blobs");
    }

    // Afterwards

    @Test
    void remove_committedAndAbsent_leavesNothing() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);
        blobs.commit(stage(blobs, "data"), 1, TID);

        blobs.remove(1, TID);
        blobs.remove(1, TID);
        blobs.remove(2, TID);

        assertThat(names(blobs.oidDirectory(1))).isEmpty();
    }

    @Test
    void open_absentBlob_isAPosKeyErrorWithThePath() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);

        PosKeyException e = catchThrowableOfType(PosKeyException.class, () -> blobs.open(1, TID));

        assertThat(e).hasMessage("No blob file at " + blobs.path(1, TID));
    }

    @Test
    void open_emptyBlob_hasNoBytes() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(temp);
        blobs.prepare(1);
        blobs.commit(stage(blobs, ""), 1, TID);

        assertThat(read(blobs, 1, TID)).isEmpty();
    }

    private static Path stage(BlobDirectory blobs, String text) throws IOException {
        return Files.writeString(blobs.newTemporaryFile(), text);
    }

    private static String read(BlobDirectory blobs, long oid, long tid) throws IOException {
        try (OpenBlob source = blobs.open(oid, tid)) {
            OpenBlob.LocalFile file = (OpenBlob.LocalFile) source;
            ByteBuffer buffer = ByteBuffer.allocate((int) file.size());
            file.channel().read(buffer, 0);
            return new String(buffer.array(), UTF_8);
        }
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
