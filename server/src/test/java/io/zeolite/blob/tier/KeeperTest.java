package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.ArchivePolicy.Window;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class KeeperTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private BlobDirectory blobs;

    @SuppressWarnings("NullAway.Init")
    private OwnedStore store;

    private Path root = Path.of("");

    @BeforeEach
    void open() throws IOException {
        root = Files.createDirectories(directory.resolve("store"));
        blobs = BlobDirectory.open(directory.resolve("blobs"));
        store = new OwnedStore(new DirectoryStore(root), directory.resolve("blobs"), null);
    }

    private void commit(long oid, long tid, int size) throws IOException {
        blobs.prepare(oid);
        Files.write(blobs.path(oid, tid), new byte[size]);
    }

    private static long daysAgo(int days) {
        return TimeStamp.of(NOW.minus(Duration.ofDays(days)));
    }

    private Keeper keeper() {
        return new Keeper(directory.resolve("blobs"), store, writing(store), Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private static RetryingStore writing(BlobStore store) {
        return new RetryingStore(store, new TierSettings(2, 1, Duration.ofMillis(1), Duration.ofMillis(1), 10));
    }

    private Archiver archiver() {
        return new Archiver(blobs, writing(store), KeyLayout.FLAT);
    }

    private static ArchivePolicy policy(@Nullable Window window, @Nullable Integer percent) {
        return new ArchivePolicy(Duration.ofDays(1), 101, Duration.ofMillis(1), window, percent, new Effort(2, 0));
    }

    private Path object(long oid, long tid) {
        return root.resolve(KeyLayout.FLAT.key(oid, tid));
    }

    private static void awaitGone(Path file) {
        while (Files.exists(file)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void archive_movesWhatIsOldAndLarge() throws IOException {
        commit(1, daysAgo(2), 101);
        commit(2, daysAgo(2), 100);
        commit(3, daysAgo(0), 101);
        try (Keeper keeper = keeper()) {
            keeper.look(false);
            keeper.archive(archiver(), policy(null, null));
            awaitGone(blobs.path(1, daysAgo(2)));
        }
        assertThat(object(1, daysAgo(2))).hasSize(101);
        assertThat(blobs.path(2, daysAgo(2))).exists();
        assertThat(blobs.path(3, daysAgo(0))).exists();
        assertThat(root.resolve(OwnedStore.MARKER)).exists();
    }

    @Test
    void archive_afterAWrongClock_goesByTheTimesOfTheFiles() throws IOException {
        long nextYear = daysAgo(-365);
        commit(1, nextYear, 101);
        commit(2, nextYear, 101);
        Files.setLastModifiedTime(blobs.path(1, nextYear), FileTime.from(NOW.minus(Duration.ofDays(2))));
        Files.setLastModifiedTime(blobs.path(2, nextYear), FileTime.from(NOW.minus(Duration.ofHours(2))));
        try (Keeper keeper = keeper()) {
            keeper.archive(archiver(), policy(null, null));
            awaitGone(blobs.path(1, nextYear));
        }
        assertThat(object(1, nextYear)).hasSize(101);
        assertThat(blobs.path(2, nextYear)).exists();
    }

    @Test
    void archive_laterBlob_isFoundByTheNextRun() throws IOException {
        try (Keeper keeper = keeper()) {
            keeper.archive(archiver(), policy(new Window(LocalTime.of(11, 0), LocalTime.of(13, 0)), 1));
            for (long oid = 1; oid <= 3; oid++) {
                commit(oid, daysAgo(2), 101);
                awaitGone(blobs.path(oid, daysAgo(2)));
                assertThat(object(oid, daysAgo(2))).hasSize(101);
            }
        }
    }

    @Test
    void look_placeThatIsNew_isSaidByTheServerOnly() throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        // Of all classes.
        Logger logger = (Logger) LoggerFactory.getLogger(KeeperTest.class.getPackageName());
        logger.addAppender(log);
        try {
            store.claim();
            root = Files.createDirectories(directory.resolve("other"));
            store = new OwnedStore(new DirectoryStore(root), directory.resolve("blobs"), null);
            for (int start = 1; start <= 2; start++) {
                try (Keeper keeper = keeper()) {
                    keeper.look(false);
                }
                // As a tool does.
                store.claim();
            }
        } finally {
            logger.detachAppender(log);
        }
        assertThat(List.copyOf(log.list))
                .filteredOn(event -> event.getLevel() == Level.WARN)
                .singleElement()
                .extracting(ILoggingEvent::getFormattedMessage)
                .asString()
                .contains(root + "/ is new", "written to " + directory.resolve("store") + " before");
    }

    @Test
    void archive_damagedFileOfAWholeObject_isSaidOnceAndLeftAlone() throws Exception {
        List<String> errors = Collections.synchronizedList(new ArrayList<>());
        AppenderBase<ILoggingEvent> log = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getLevel() == Level.ERROR) {
                    errors.add(event.getFormattedMessage());
                }
            }
        };
        Logger logger = (Logger) LoggerFactory.getLogger(Keeper.class);
        log.start();
        logger.addAppender(log);
        String key = KeyLayout.FLAT.key(1, daysAgo(2));
        try (S3Server server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
                S3Store bucket = new S3Store(server.settings(""))) {
            commit(1, daysAgo(2), 101);
            Path file = blobs.path(1, daysAgo(2));
            bucket.put(key, file, FileChecksum.crc32c(file), "text/plain");
            commit(1, daysAgo(2), 102);
            store = new OwnedStore(bucket, directory.resolve("blobs"), "unowned");
            try (Keeper keeper = keeper()) {
                keeper.archive(archiver(), policy(null, null));
                for (long oid = 2; oid <= 4; oid++) {
                    // One run after the other.
                    commit(oid, daysAgo(2), 101);
                    awaitGone(blobs.path(oid, daysAgo(2)));
                }
            }
            assertThat(errors)
                    .singleElement(InstanceOfAssertFactories.STRING)
                    .contains(file.toString(), "s3://blobs/" + key);
            assertThat(bucket.stat(key).size()).isEqualTo(101);
            assertThat(file).hasSize(102);
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void archive_outsideOfItsWindow_movesNothing() throws IOException {
        commit(1, daysAgo(2), 101);
        try (Keeper keeper = keeper()) {
            keeper.archive(archiver(), policy(new Window(LocalTime.of(22, 0), LocalTime.of(6, 0)), null));
        }
        assertThat(blobs.path(1, daysAgo(2))).exists();
        assertThat(object(1, daysAgo(2))).doesNotExist();
    }

    @Test
    void archive_toAPrefixOfAnotherOwner_looksAtNoBlob() throws Exception {
        new OwnedStore(new DirectoryStore(root), Files.createDirectories(directory.resolve("other")), null).claim();
        commit(1, daysAgo(2), 101);
        CountDownLatch said = new CountDownLatch(1);
        AppenderBase<ILoggingEvent> log = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getFormattedMessage().contains("it belongs to another database")) {
                    said.countDown();
                }
            }
        };
        Logger logger = (Logger) LoggerFactory.getLogger(Keeper.class);
        log.start();
        logger.addAppender(log);
        MortalStore untouched = new MortalStore(store, 0, false, () -> {});
        Archiver archiver = new Archiver(blobs, new RetryingStore(untouched, TierSettings.DEFAULT), KeyLayout.FLAT);
        try (Keeper keeper = keeper()) {
            keeper.archive(archiver, policy(null, null));
            assertThat(said.await(100, TimeUnit.SECONDS)).isTrue();
        } finally {
            logger.detachAppender(log);
        }
        assertThat(untouched.isDead()).isFalse();
        assertThat(blobs.path(1, daysAgo(2))).exists();
    }

    @Test
    void window_beyondMidnight_isOnBothSides() {
        Window night = new Window(LocalTime.of(22, 0), LocalTime.of(6, 0));
        assertThat(night.contains(LocalTime.of(23, 0))).isTrue();
        assertThat(night.contains(LocalTime.of(5, 59))).isTrue();
        assertThat(night.contains(LocalTime.of(6, 0))).isFalse();
        Window day = new Window(LocalTime.of(6, 0), LocalTime.of(22, 0));
        assertThat(day.contains(LocalTime.of(6, 0))).isTrue();
        assertThat(day.contains(LocalTime.of(22, 0))).isFalse();
    }
}
