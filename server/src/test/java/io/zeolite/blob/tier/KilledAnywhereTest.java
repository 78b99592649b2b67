package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Age;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.disk.Disk;
import io.zeolite.disk.FaultyDisk;
import io.zeolite.disk.RealDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a server does about a bucket, killed between any two operations on the store or on the files: no blob is ever without a
 * complete copy, and the next run finishes.
 */
final class KilledAnywhereTest {
    private static final long TID = 0x03f1a2b3c4d5e6f7L;
    private static final Instant PACKED = Instant.parse("2026-01-10T03:00:00Z");
    private static final Duration GRACE = Duration.ofDays(7);
    private static final TierSettings ONE_ATTEMPT =
            new TierSettings(1, 1, Duration.ofMillis(1), Duration.ofMillis(1), 1000);

    /** What transactions refer to, and what packs have removed. */
    private static final List<Long> LIVE = List.of(1L, 2L);

    private static final List<Long> PACKED_AWAY = List.of(11L, 12L);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    private int sites;

    /** A blob directory and the store behind it. */
    private final class Site {
        private final Path directory = home.resolve("blobs" + sites++);
        private final BlobDirectory blobs = BlobDirectory.open(directory);
        private final BlobStore store;

        /** With blobs of both kinds, and nothing in the store. */
        Site(BlobStore store) throws IOException {
            this.store = store;
            for (List<Long> oids : List.of(LIVE, PACKED_AWAY)) {
                for (long oid : oids) {
                    Path file = Files.write(blobs.newTemporaryFile(), bytes(oid));
                    blobs.prepare(oid);
                    blobs.commit(file, oid, TID);
                }
            }
        }

        /** All that there is to do, by a process that has just started. */
        void work(BlobStore asSeen, Disk disk) throws IOException {
            OwnedStore owned = new OwnedStore(asSeen, directory, null);
            owned.claim();
            owned.lacks();
            Archiver archiver = new Archiver(blobs, new RetryingStore(owned, ONE_ATTEMPT), KeyLayout.FLAT);
            archiver.archive(
                    archiver.select(Selection.of(Age.ANY, 0, Long.MAX_VALUE)),
                    Afterwards.REMOVE,
                    new Effort(1, 0),
                    step -> {},
                    () -> false);
            Garbage garbage = new Garbage(directory, owned, KeyLayout.FLAT, GRACE, disk);
            garbage.packed();
            // A pack tells of everything again if it did not come to its end. One is wrong: it is referred to.
            for (long oid : PACKED_AWAY) {
                garbage.add(new BlobRevision(oid, TID), PACKED);
            }
            garbage.add(new BlobRevision(LIVE.get(0), TID), PACKED);
            garbage.force();
            garbage.sweep(PACKED.plus(GRACE), revision -> LIVE.contains(revision.oid()), () -> false);
        }

        private Set<Long> inTheStore() throws IOException {
            Set<Long> found = new HashSet<>();
            RetryingStore reader = new RetryingStore(store, ONE_ATTEMPT);
            reader.list("0", object -> KeyLayout.FLAT.revision(object.key()).ifPresent(revision -> {
                if (isWhole(reader, revision.oid())) {
                    found.add(revision.oid());
                }
            }));
            return found;
        }

        private static boolean isWhole(RetryingStore reader, long oid) {
            byte[] expected = bytes(oid);
            int[] position = {0};
            try {
                long size = new ObjectReader(reader)
                        .read(key(oid), content -> {
                            byte[] part = new byte[content.remaining()];
                            content.get(part);
                            int from = position[0];
                            position[0] += part.length;
                            return position[0] <= expected.length
                                    && Arrays.equals(expected, from, position[0], part, 0, part.length);
                        })
                        .size();
                return size == expected.length && position[0] == expected.length;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        void assertNothingIsLost(String when) throws IOException {
            Set<Long> stored = inTheStore();
            for (long oid : LIVE) {
                Path file = blobs.path(oid, TID);
                boolean local = Files.exists(file) && Arrays.equals(Files.readAllBytes(file), bytes(oid));
                assertThat(local || stored.contains(oid))
                        .as("blob " + oid + " is somewhere, killed " + when)
                        .isTrue();
            }
        }

        void assertNextRunFinishes(String when) throws IOException {
            work(store, new RealDisk());
            assertThat(inTheStore()).as("in the store, killed " + when).containsExactlyInAnyOrderElementsOf(LIVE);
            for (long oid : LIVE) {
                assertThat(blobs.path(oid, TID)).as("killed " + when).doesNotExist();
            }
            assertThat(new Garbage(directory, store, KeyLayout.FLAT, Duration.ofDays(36500)).waiting(PACKED))
                    .as("still listed, killed " + when)
                    .isEmpty();
        }
    }

    private static String key(long oid) {
        return KeyLayout.FLAT.key(oid, TID);
    }

    private static byte[] bytes(long oid) {
        byte[] bytes = new byte[20_000];
        new Random(oid).nextBytes(bytes);
        return bytes;
    }

    private interface Stores {
        BlobStore create() throws IOException;
    }

    /**
     * @param moments whether the operation is still done; what follows it on the disk is not
     * @return how many operations there are to be killed at
     */
    private int killAtEveryOperation(Stores stores, List<Boolean> moments) throws IOException {
        for (int operation = 0; ; operation++) {
            boolean died = false;
            for (boolean done : moments) {
                Site site = new Site(stores.create());
                FaultyDisk disk = new FaultyDisk();
                MortalStore mortal = new MortalStore(site.store, operation, done, () -> disk.failFrom(0));
                String when = (done ? "after" : "before") + " operation " + operation;
                try {
                    site.work(mortal, disk);
                } catch (IOException | IllegalStateException | MortalStore.KilledException e) {
                    assertThat(mortal.isDead()).as(when + ": " + e).isTrue();
                }
                died |= mortal.isDead();
                site.assertNothingIsLost(when);
                site.assertNextRunFinishes(when);
                site.store.close();
            }
            if (!died) {
                return operation;
            }
        }
    }

    @Test
    void overADirectory_killedAtAnyOperationOnIt_losesNothing() throws IOException {
        int[] number = {0};
        int operations = killAtEveryOperation(
                () -> new DirectoryStore(Files.createDirectories(home.resolve("cold" + number[0]++))),
                List.of(false, true));
        assertThat(operations).isGreaterThan(10);
    }

    @Test
    void overABucket_killedAtAnyRequest_losesNothing() throws Exception {
        try (S3Server server = S3Server.start(Files.createDirectories(home.resolve("s3")))) {
            int[] number = {0};
            int operations = killAtEveryOperation(
                    // With checksums there is a probe, too, that could be killed.
                    () -> new S3Store(S3Server.withChecksums(server.settings("site" + number[0]++ + "/"), true)),
                    List.of(true));
            assertThat(operations).isGreaterThan(10);
        }
    }

    /** Of the list of what is to be deleted; a write that is killed is half there. */
    @Test
    void killedAtAnyOperationOnFiles_losesNothing() throws IOException {
        int operation = 0;
        boolean died = true;
        while (died) {
            Site site = new Site(new DirectoryStore(Files.createDirectories(home.resolve("cold" + operation))));
            FaultyDisk disk = new FaultyDisk();
            disk.failFrom(operation);
            String when = "at file operation " + operation;
            try {
                site.work(site.store, disk);
                died = false;
            } catch (IOException e) {
                assertThat(e).as(when).hasMessageStartingWith("injected");
            }
            site.assertNothingIsLost(when);
            site.assertNextRunFinishes(when);
            operation++;
        }
        assertThat(operation).isGreaterThan(8);
    }
}
