package io.zeolite.blob.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.BlobStoreContract;
import io.zeolite.blob.StoreException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class DirectoryStoreTest extends BlobStoreContract {
    @Override
    protected BlobStore create() throws IOException {
        return new DirectoryStore(Files.createDirectories(directory.resolve("cold")));
    }

    @Test
    void open_directoryNotMounted_isUnavailableAndNotMissing() {
        BlobStore store = new DirectoryStore(directory.resolve("elsewhere"));
        assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, null));
        assertThatThrownBy(() -> store.open("a.blob", 0, null))
                .hasMessageEndingWith("/elsewhere/a.blob: the directory is not there (mount it, or create it)");
    }

    @Test
    void anyKeyThatLeadsOutside_isRefused() throws Exception {
        Path outside = Files.writeString(directory.resolve("outside"), "secret");
        BlobStore store = create();
        assertReason(Reason.REFUSED, () -> store.open("../outside", 0, null));
        assertReason(Reason.REFUSED, () -> store.delete(outside.toString()));
        assertThat(outside).exists();
    }

    @Test
    void abortStaleUploads_removesWhatAKilledWriterHasLeft_andNothingElse() throws Exception {
        BlobStore store = create();
        Path file = Files.writeString(directory.resolve("file"), "abc");
        store.put("a/old.blob", file, 0x364b3fb7, "text/plain");
        Path left = Files.writeString(directory.resolve("cold/a/killed.blob.123-1.zeolite-unfinished"), "ab");
        Path written = Files.writeString(directory.resolve("cold/a/new.blob.124-1.zeolite-unfinished"), "ab");
        Instant past = Instant.now().minus(Duration.ofDays(3));
        Files.setLastModifiedTime(left, FileTime.from(past));
        Files.setLastModifiedTime(directory.resolve("cold/a/old.blob"), FileTime.from(past));
        assertThat(store.abortStaleUploads(Instant.now().minus(Duration.ofDays(2))))
                .isEqualTo(1);
        assertThat(left).doesNotExist();
        assertThat(written).exists();
        assertThat(store.stat("a/old.blob").size()).isEqualTo(3);
    }

    @Test
    void filesThatComeAndGoMeanwhile_disturbNobody() throws Exception {
        BlobStore store = create();
        Path file = Files.writeString(directory.resolve("file"), "abc");
        AtomicBoolean done = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            while (!done.get()) {
                try {
                    store.put("coming-and-going.blob", file, 0x364b3fb7, "text/plain");
                    store.delete("coming-and-going.blob");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        writer.start();
        try {
            for (int i = 0; i < 1000; i++) {
                List<String> keys = new ArrayList<>();
                store.list("", object -> keys.add(object.key()));
                assertThat(keys).isSubsetOf("coming-and-going.blob");
                assertThat(store.isEmpty("other")).isTrue();
                assertThat(store.abortStaleUploads(Instant.EPOCH)).isZero();
            }
            assertThat(writer.isAlive()).isTrue();
        } finally {
            done.set(true);
            writer.join();
        }
    }

    @Test
    void linkToAFile_isAnObject() throws Exception {
        BlobStore store = create();
        Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "abc");
        Files.createSymbolicLink(directory.resolve("cold/a.blob"), elsewhere);
        Files.createSymbolicLink(directory.resolve("cold/b.blob"), directory.resolve("missing"));
        List<String> keys = new ArrayList<>();
        store.list("", object -> keys.add(object.key() + " " + object.size()));
        assertThat(keys).containsExactly("a.blob 3");
    }

    @Test
    void linkToTheDirectory_hasItsObjects() throws Exception {
        Files.writeString(Files.createDirectories(directory.resolve("cold/a")).resolve("b.blob"), "abc");
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("cold"));
        List<String> keys = new ArrayList<>();
        new DirectoryStore(link).list("", object -> keys.add(object.key()));
        assertThat(keys).containsExactly("a/b.blob");
        assertReason(Reason.UNAVAILABLE, () -> new DirectoryStore(
                        Files.createSymbolicLink(directory.resolve("broken"), directory.resolve("missing")))
                .list("", object -> keys.add(object.key())));
    }

    @Test
    void abortStaleUploads_directoryNotMounted_isUnavailable() {
        BlobStore store = new DirectoryStore(directory.resolve("elsewhere"));
        assertReason(Reason.UNAVAILABLE, () -> store.abortStaleUploads(Instant.now()));
    }
}
