package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.Throttle;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Age;
import io.zeolite.blob.tier.Archiver.Candidate;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.blob.tier.Archiver.Step;
import io.zeolite.blob.tier.Deposits.Deposit;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ArchiverTest {
    private static final long TID = 0x03f1a2b3c4d5e6f7L;
    /** To write a blob and to read it back. */
    private static final int FEWEST_REQUESTS = 2;

    private static final TierSettings ONE_ATTEMPT = attempts(1);
    private static final TierSettings ATTEMPTS = attempts(4);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    @SuppressWarnings("NullAway.Init")
    private S3Server server;

    @SuppressWarnings("NullAway.Init")
    private FaultProxy proxy;

    @SuppressWarnings("NullAway.Init")
    private S3Store store;

    @SuppressWarnings("NullAway.Init")
    private BlobDirectory directory;

    @BeforeEach
    void start() throws Exception {
        server = S3Server.start(Files.createDirectories(home.resolve("s3")));
        proxy = FaultProxy.before(server.port());
        store = new S3Store(settings(false));
        directory = BlobDirectory.open(home.resolve("blobs"));
    }

    @AfterEach
    void stop() throws Exception {
        store.close();
        proxy.close();
        server.close();
    }

    private static byte[] bytes(long oid, int size) {
        byte[] bytes = new byte[size];
        new Random(oid).nextBytes(bytes);
        return bytes;
    }

    private void commit(long oid, long tid, int size) throws IOException {
        Path file = directory.newTemporaryFile();
        Files.write(file, bytes(oid, size));
        directory.prepare(oid);
        directory.commit(file, oid, tid);
    }

    private S3Settings settings(boolean checksums) {
        S3Settings plain = S3Server.settings(
                proxy.endpoint(), "", new S3Settings.Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null));
        return S3Server.withChecksums(plain, checksums);
    }

    private static TierSettings attempts(int count) {
        return new TierSettings(1, count, Duration.ofMillis(1), Duration.ofMillis(1), 1000);
    }

    private Archiver archiver() {
        return archiver(store);
    }

    private Archiver archiver(BlobStore behind) {
        return new Archiver(directory, new RetryingStore(behind, ONE_ATTEMPT), KeyLayout.FLAT);
    }

    private static Age before(Instant time) {
        return new Age(time, Instant.now());
    }

    private static Selection all() {
        return Selection.of(Age.ANY, 0, Long.MAX_VALUE);
    }

    private List<Step> archive(Afterwards afterwards) throws IOException {
        return archive(store, afterwards, new Effort(1, 0), () -> false);
    }

    private List<Step> archive(BlobStore to, Afterwards afterwards, Effort effort, BooleanSupplier stop)
            throws IOException {
        List<Step> steps = new ArrayList<>();
        Archiver archiver = archiver(to);
        archiver.archive(archiver.select(all()), afterwards, effort, steps::add, stop);
        return steps;
    }

    private boolean isInTheBucket(long oid, int size) throws IOException {
        try (S3Store plain = new S3Store(server.settings(""));
                StoredContent content = plain.open(KeyLayout.FLAT.key(oid, TID), 0, null)) {
            ByteBuffer all = ByteBuffer.allocate(size + 1);
            while (content.read(all) >= 0) {
                // To its end.
            }
            return ByteBuffer.wrap(bytes(oid, size)).equals(all.flip());
        }
    }

    private boolean isLocal(long oid) {
        return Files.exists(directory.path(oid, TID));
    }

    @Test
    void select_byAgeAndSize_givesTheLargestFirst() throws IOException {
        commit(1, TID, 100);
        commit(2, TID, 300);
        commit(0x1234567, TID, 200);
        commit(3, TID + (1L << 40), 400);
        Files.write(home.resolve("blobs/tmp/0x01.blob"), new byte[900]);
        Age then = before(TimeStamp.toInstant(TID).plusSeconds(1));
        assertThat(archiver().select(Selection.of(then, 101, 10)))
                .extracting(Candidate::revision)
                .containsExactly(new BlobRevision(2, TID), new BlobRevision(0x1234567, TID));
        assertThat(archiver().select(Selection.of(then, 101, 1)))
                .extracting(Candidate::size)
                .containsExactly(300L);
        assertThat(archiver().select(new Selection(TID + 1, Tid.MAX, Age.ANY, 0, 10)))
                .extracting(Candidate::size)
                .containsExactly(400L);
        assertThat(archiver().select(new Selection(TID, TID, Age.ANY, 0, 10))).hasSize(3);
    }

    @Test
    void select_allSizes_takesEmptyBlobsToo() throws IOException {
        commit(1, TID, 0);
        assertThat(archiver()
                        .select(Selection.of(before(TimeStamp.toInstant(TID).plusSeconds(1)), 0, 10)))
                .hasSize(1);
    }

    @Test
    void archive_andRemove_leavesAProvenCopy() throws IOException {
        commit(1, TID, 300_000);
        commit(2, TID, 0);
        assertThat(archive(Afterwards.REMOVE))
                .allSatisfy(step -> assertThat(step).isInstanceOf(Step.Proven.class));
        assertThat(isInTheBucket(1, 300_000)).isTrue();
        assertThat(isInTheBucket(2, 0)).isTrue();
        assertThat(isLocal(1)).isFalse();
        assertThat(isLocal(2)).isFalse();
        assertThat(directory.oidDirectory(1)).doesNotExist();
        assertThat(home.resolve("blobs/tmp")).isEmptyDirectory();
    }

    @Test
    void archive_andKeepOrBackUp_leavesTheBytesHere() throws IOException {
        commit(1, TID, 1000);
        archive(Afterwards.KEEP);
        assertThat(isLocal(1)).isTrue();
        List<Step> again = archive(Afterwards.BACK_UP);
        assertThat(again).containsExactly(new Step.Proven(again.get(0).blob(), new Deposit(false, true)));
        assertThat(isLocal(1)).isFalse();
        assertThat(Path.of(directory.path(1, TID) + ".bak")).hasBinaryContent(bytes(1, 1000));
    }

    @Test
    void archive_damagedObject_isWrittenAnew() throws IOException {
        commit(1, TID, 1000);
        Path wrong = Files.write(home.resolve("wrong"), new byte[1000]);
        store.put(KeyLayout.FLAT.key(1, TID), wrong, 0, "text/plain");
        List<Step> steps = archive(Afterwards.REMOVE);
        assertThat(steps).containsExactly(new Step.Proven(steps.get(0).blob(), new Deposit(true, true)));
        assertThat(isInTheBucket(1, 1000)).isTrue();
    }

    private void rewrite(long oid, byte[] content) throws IOException {
        // Committed files are read-only.
        Files.delete(directory.path(oid, TID));
        Files.write(directory.path(oid, TID), content);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void archive_damagedFile_leavesTheWholeObjectAndTheFile(boolean checksums) throws IOException {
        store.close();
        store = new S3Store(settings(checksums));
        commit(1, TID, 3000);
        commit(2, TID, 2000);
        commit(3, TID, 1000);
        archive(Afterwards.KEEP);
        byte[] flipped = bytes(1, 3000);
        flipped[1500]++;
        rewrite(1, flipped);
        rewrite(2, Arrays.copyOf(bytes(2, 2000), 100));
        Archiver archiver = archiver();
        List<Step> steps = new ArrayList<>();
        archiver.archive(archiver.select(all()), Afterwards.REMOVE, new Effort(1, 0), steps::add, () -> false);
        assertThat(steps).filteredOn(Step.Failed.class::isInstance).hasSize(2).allSatisfy(step -> assertThat(
                        ((Step.Failed) step).failure())
                .isInstanceOf(WholeObjectException.class)
                .hasMessageContaining(KeyLayout.FLAT.key(step.blob().revision().oid(), TID))
                .hasMessageContaining("move it away"));
        assertThat(isInTheBucket(1, 3000)).isTrue();
        assertThat(isInTheBucket(2, 2000)).isTrue();
        assertThat(directory.path(1, TID)).hasBinaryContent(flipped);
        assertThat(directory.path(2, TID)).hasSize(100);
        assertThat(isLocal(3)).isFalse();
        assertThat(archiver.select(all()))
                .as("what the same archiver tries again")
                .isEmpty();
        assertThat(archiver().select(all())).hasSize(2);
    }

    /** As the Python packages write them; the file was cut off by a crash, or restored wrongly. */
    @Test
    void archive_otherObjectWithoutAChecksum_leavesItAndTheFile() throws IOException {
        for (int size : List.of(100, 1000)) {
            commit(size, TID, 1000);
            rewrite(size, Arrays.copyOf(bytes(1, 1000), size));
            server.put(KeyLayout.FLAT.key(size, TID), bytes(size, 1000));
        }
        List<Step> steps = archive(Afterwards.REMOVE);
        assertThat(steps).hasSize(2).allSatisfy(step -> assertThat(((Step.Failed) step).failure())
                .isInstanceOf(WholeObjectException.class)
                .hasMessageContaining(KeyLayout.FLAT.key(step.blob().revision().oid(), TID) + " (1000 bytes)")
                .hasMessageContaining(directory.path(step.blob().revision().oid(), TID) + " ("
                        + step.blob().size() + " bytes)")
                .hasMessageContaining("has no checksum"));
        for (int size : List.of(100, 1000)) {
            assertThat(isInTheBucket(size, 1000)).isTrue();
            assertThat(directory.path(size, TID)).hasBinaryContent(Arrays.copyOf(bytes(1, 1000), size));
        }
    }

    /** With checksums in headers, and the probe that they need, there are other requests than without. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void archive_faultAtEveryRequest_neverLosesABlobAndTheNextRunFinishes(boolean checksums) throws IOException {
        store.close();
        store = new S3Store(settings(checksums));
        List<Fault> faults = List.of(
                new Fault.Status(503),
                new Fault.Status(403),
                new Fault.Cut(0),
                new Fault.Cut(400),
                new Fault.Cut(50_000));
        long oid = 0;
        for (Fault fault : faults) {
            boolean hasHappened = true;
            for (int position = 0; hasHappened; position++) {
                oid++;
                commit(oid, TID, 200_000);
                proxy.setAfter(position, fault);
                archive(Afterwards.REMOVE);
                hasHappened = proxy.isSpent();
                assertThat(hasHappened || position >= FEWEST_REQUESTS).isTrue();
                proxy.set(new Fault.None());
                assertThat(isLocal(oid) || isInTheBucket(oid, 200_000))
                        .as(fault + " at request " + position)
                        .isTrue();
                // A connection that was cut may be known to be so only when it is used again: the next run has more
                // attempts.
                List<Step> next =
                        archive(new RetryingStore(store, ATTEMPTS), Afterwards.REMOVE, new Effort(1, 0), () -> false);
                assertThat(isLocal(oid))
                        .as("after %s at request %d: %s", fault, position, next)
                        .isFalse();
                assertThat(isInTheBucket(oid, 200_000)).isTrue();
            }
        }
    }

    @Test
    void archive_readOnlyBucket_isRefusedWithoutARequestThatWrites() throws IOException {
        commit(1, TID, 1000);
        List<Step> steps = archive(new ReadOnlyStore(store), Afterwards.REMOVE, new Effort(1, 0), () -> false);
        assertThat(steps).singleElement().isInstanceOfSatisfying(Step.Failed.class, failed -> assertThat(
                        failed.failure())
                .hasMessageContaining("read-only-bucket"));
        assertThat(isLocal(1)).isTrue();
        assertThat(proxy.requests()).isEqualTo(1);
        try (OpenBlob source = directory.open(1, TID)) {
            assertThat(source.size()).isEqualTo(1000);
        }
    }

    private static final String RESTORING = "x-amz-restore: ongoing-request=\"true\"\r\n";

    @Test
    void archive_objectInAnArchive_isNoProof() throws IOException {
        commit(1, TID, 1000);
        archive(Afterwards.KEEP);
        proxy.set(new Fault.Page("ETag: \"1\"\r\nx-amz-storage-class: DEEP_ARCHIVE\r\n" + RESTORING, "a".repeat(1000)));
        assertThat(archive(Afterwards.REMOVE))
                .singleElement()
                .isInstanceOfSatisfying(Step.Failed.class, failed -> assertThat(failed.failure())
                        .hasMessageContaining(KeyLayout.FLAT.key(1, TID) + " is in the storage class DEEP_ARCHIVE"));
        assertThat(isLocal(1)).isTrue();
    }

    @Test
    void archive_objectsInAnArchive_holdUpNoOthers() throws IOException {
        for (int oid = 1; oid <= 12; oid++) {
            commit(oid, TID, 1000);
        }
        Fault archived = new Fault.Page("ETag: \"1\"\r\nx-amz-storage-class: DEEP_ARCHIVE\r\n" + RESTORING, "a");
        proxy.setAfter(0, archived, Integer.MAX_VALUE);
        assertThat(archive(Afterwards.REMOVE)).hasSize(12).allSatisfy(step -> assertThat(step)
                .isInstanceOf(Step.Failed.class));
        assertThat(LongStream.rangeClosed(1, 12).allMatch(this::isLocal)).isTrue();
    }

    @Test
    void archive_storeThatRefusesEveryBlob_isNotTriedOnAndOn() throws IOException {
        for (int oid = 1; oid <= 30; oid++) {
            commit(oid, TID, 1000);
        }
        assertThat(archive(new ReadOnlyStore(store), Afterwards.REMOVE, new Effort(1, 0), () -> false))
                .hasSize(10);
        assertThat(LongStream.rangeClosed(1, 30).allMatch(this::isLocal)).isTrue();
    }

    @Test
    void archive_storeThatRefusesLargeBlobs_takesSmallerOnesInTheNextRun() throws IOException {
        for (int oid = 1; oid <= 12; oid++) {
            commit(oid, TID, 2000 + oid);
        }
        commit(13, TID, 1000);
        BlobStore refusing = new BreakingStore(store) {
            @Override
            public StoredObject put(String key, Path file, int crc32c, String contentType) throws IOException {
                if (Files.size(file) > 2000) {
                    throw new StoreException(StoreException.Reason.REFUSED, "HTTP 413 Request Entity Too Large", null);
                }
                return super.put(key, file, crc32c, contentType);
            }
        };
        Archiver archiver = archiver(refusing);
        for (int run = 1; run <= 2; run++) {
            assertThat(isLocal(13)).isTrue();
            archiver.archive(archiver.select(all()), Afterwards.REMOVE, new Effort(1, 0), step -> {}, () -> false);
        }
        assertThat(isLocal(13)).isFalse();
        assertThat(archiver.select(all())).hasSize(12);
    }

    @Test
    void archive_severalAtATime_movesAll() throws IOException {
        for (int oid = 1; oid <= 40; oid++) {
            commit(oid, TID, 1000 * oid);
        }
        assertThat(archive(store, Afterwards.REMOVE, new Effort(8, 0), () -> false))
                .hasSize(40)
                .allSatisfy(step -> assertThat(step).isInstanceOf(Step.Proven.class));
        for (int oid = 1; oid <= 40; oid++) {
            assertThat(isLocal(oid)).isFalse();
            assertThat(isInTheBucket(oid, 1000 * oid)).isTrue();
        }
    }

    @Test
    void archive_toldToStop_finishesWhatHasBegun() throws IOException {
        for (int oid = 1; oid <= 10; oid++) {
            commit(oid, TID, 1000);
        }
        List<Step> steps = new ArrayList<>();
        Archiver archiver = archiver();
        archiver.archive(
                archiver.select(all()), Afterwards.REMOVE, new Effort(1, 0), steps::add, () -> steps.size() == 3);
        assertThat(steps).hasSize(3);
        assertThat(LongStream.rangeClosed(1, 10).filter(this::isLocal).count()).isEqualTo(7);
        assertThat(archive(Afterwards.REMOVE)).hasSize(7);
    }

    @Test
    @Timeout(100)
    void archive_partsWhenItIsToStop_keepToTheRateUntilTheStoreIsStopped() throws Exception {
        Throttle[] parts = {Throttle.NONE};
        RetryingStore behind = new RetryingStore(
                new BreakingStore(store) {
                    @Override
                    public void paceParts(Throttle throttle) {
                        parts[0] = throttle;
                    }
                },
                ONE_ATTEMPT);
        new Archiver(directory, behind, KeyLayout.FLAT)
                .archive(List.of(), Afterwards.REMOVE, new Effort(1, 1000), step -> {}, () -> true);
        long start = System.nanoTime();
        parts[0].await(200);
        parts[0].await(Integer.MAX_VALUE);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(150));
        behind.stop();
        parts[0].await(1);
    }

    @Test
    void archive_fileThatSomebodyElseRemoves_isGone() throws IOException {
        commit(1, TID, 1000);
        Archiver archiver = archiver();
        List<Candidate> blobs = archiver.select(all());
        directory.remove(1, TID);
        List<Step> steps = new ArrayList<>();
        archiver.archive(blobs, Afterwards.REMOVE, new Effort(1, 0), steps::add, () -> false);
        assertThat(steps).containsExactly(new Step.Gone(blobs.get(0)));
    }

    @Test
    void archive_storeThatIsAway_isNotTriedOnAndOn() throws IOException {
        for (int oid = 1; oid <= 10; oid++) {
            commit(oid, TID, 1000);
        }
        proxy.set(new Fault.Status(503));
        TierSettings settings = new TierSettings(1, 2, Duration.ofMillis(1), Duration.ofMinutes(1), 3);
        Archiver archiver = new Archiver(directory, new RetryingStore(store, settings), KeyLayout.FLAT);
        List<Step> steps = new ArrayList<>();
        archiver.archive(archiver.select(all()), Afterwards.REMOVE, new Effort(1, 0), steps::add, () -> false);
        assertThat(steps).hasSize(2);
        assertThat(proxy.requests()).isEqualTo(3);
        assertThat(LongStream.rangeClosed(1, 10).allMatch(this::isLocal)).isTrue();
    }

    @Test
    void archive_imagesAndOthers_haveTheirMediaType() throws Exception {
        Path file = directory.newTemporaryFile();
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0, 0, 16, 'J', 'F', 'I', 'F'});
        directory.prepare(1);
        directory.commit(file, 1, TID);
        commit(2, TID, 1000);
        archive(Afterwards.REMOVE);
        assertThat(server.contentType(KeyLayout.FLAT.key(1, TID))).isEqualTo("image/jpeg");
        assertThat(server.contentType(KeyLayout.FLAT.key(2, TID))).isEqualTo("application/octet-stream");
    }
}
