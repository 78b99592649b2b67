package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Store;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OwnedStoreTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private S3Server server;

    private final List<BlobStore> stores = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
    }

    @AfterEach
    void stop() throws Exception {
        stores.forEach(BlobStore::close);
        server.close();
    }

    private OwnedStore store(String database, @Nullable String takeover) throws IOException {
        Path blobs = Files.createDirectories(directory.resolve(database));
        OwnedStore store = new OwnedStore(new S3Store(server.settings("site/")), blobs, takeover);
        stores.add(store);
        return store;
    }

    private void put(BlobStore store, String key) throws IOException {
        Path file = Files.writeString(directory.resolve("upload"), "content");
        store.put(key, file, FileChecksum.crc32c(file), "text/plain");
    }

    private static String refusal(OwnedStore store) {
        try {
            store.claim();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
        throw new AssertionError("it may write");
    }

    @Test
    void emptyPrefix_belongsToTheFirstWhoWrites() throws IOException {
        OwnedStore first = store("first", null);
        OwnedStore second = store("second", null);
        put(first, "a.blob");
        for (ThrowingWrite write : List.<ThrowingWrite>of(
                store -> put(store, "b.blob"),
                store -> store.delete("a.blob"),
                store -> store.deleteAll(List.of("a.blob")),
                store -> store.putIfAbsent("c.txt", new byte[1], "text/plain"))) {
            assertThatThrownBy(() -> write.on(second))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("s3://blobs/site/ cannot be written to: it belongs to another database")
                    .hasMessageContaining("directory: " + directory.resolve("first"));
        }
        assertThat(second.stat("a.blob").size()).isEqualTo(7);
        List<String> keys = new ArrayList<>();
        second.list("", object -> keys.add(object.key()));
        assertThat(keys).containsExactly("a.blob");
        put(store("first", null), "b.blob");
    }

    private interface ThrowingWrite {
        void on(OwnedStore store) throws IOException;
    }

    /** Of a database that finds no owner; before it sees whether there are objects, another one has written there. */
    private OwnedStore slowerThan(OwnedStore faster, String database) throws IOException {
        S3Store store = new S3Store(server.settings("site/"));
        BlobStore slow = (BlobStore) Proxy.newProxyInstance(
                BlobStore.class.getClassLoader(), new Class<?>[] {BlobStore.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("isEmpty")) {
                        put(faster, "a.blob");
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        OwnedStore slower = new OwnedStore(slow, Files.createDirectories(directory.resolve(database)), null);
        stores.add(slower);
        return slower;
    }

    @Test
    void anotherThreadOfTheSameDatabaseIsFaster_bothWrite() throws IOException {
        put(slowerThan(store("first", null), "first"), "b.blob");
        assertThat(store("first", null).stat("a.blob").size()).isEqualTo(7);
    }

    @Test
    void anotherDatabaseIsFaster_isTheOwner() throws IOException {
        assertThat(refusal(slowerThan(store("first", null), "second")))
                .contains("it belongs to another database", "directory: " + directory.resolve("first"));
    }

    @Test
    void ownedPrefix_takenOverByItsId_refusesTheOwnerOfBefore() throws IOException {
        put(store("first", null), "a.blob");
        Matcher id = Pattern.compile("bucket-takeover ([0-9a-f-]+)").matcher(refusal(store("second", null)));
        assertThat(id.find()).isTrue();
        assertThat(refusal(store("second", OwnedStore.UNOWNED))).contains("belongs to another database");

        put(store("second", id.group(1)), "b.blob");
        put(store("second", null), "c.blob");
        assertThat(refusal(store("first", null))).contains("directory: " + directory.resolve("second"));
        assertThat(refusal(store("third", id.group(1)))).contains("belongs to another database");
    }

    @Test
    void takeoverThatIsLeftIn_isNotDoneAgain() throws IOException {
        put(store("first", null), "a.blob");
        put(store("second", idOf("first")), "b.blob");
        put(store("first", idOf("second")), "c.blob");
        assertThat(refusal(store("second", idOf("first"))))
                .contains("it belongs to another database", "start once without it, and then with it");
        put(store("first", idOf("second")), "d.blob");

        assertThat(refusal(store("second", null))).contains("take it over: bucket-takeover " + idOf("first"));
        put(store("second", idOf("first")), "e.blob");
        assertThat(refusal(store("first", idOf("second")))).contains("it belongs to another database");
    }

    @Test
    void unownedThatIsLeftIn_isNotDoneAgain() throws IOException {
        put(directoryStore("mount", OwnedStore.UNOWNED), "a.blob");
        Files.move(directory.resolve("mount"), directory.resolve("disk"));
        assertThat(refusal(directoryStore("mount", OwnedStore.UNOWNED)))
                .contains("it was this database's", "start once without it, and then with it");
        assertThat(directory.resolve("mount")).isEmptyDirectory();
        assertThat(refusal(directoryStore("mount", null))).contains("take it over: bucket-takeover unowned");
        put(directoryStore("mount", OwnedStore.UNOWNED), "b.blob");
    }

    private String idOf(String database) throws IOException {
        return DatabaseIdentity.of(directory.resolve(database));
    }

    @Test
    void prefixIsTakenOver_ownerOfBeforeStillRuns_deletesNothing() throws IOException {
        List<ThrowingWrite> deletions = List.of(
                store -> store.delete("a.blob"),
                store -> store.deleteAll(List.of("a.blob")),
                store -> store.abortStaleUploads(Instant.now()));
        List<OwnedStore> running = new ArrayList<>();
        for (int i = 0; i < deletions.size(); i++) {
            running.add(store("first", null));
            put(running.get(i), "a.blob");
        }
        store("second", idOf("first")).claim();
        for (int i = 0; i < deletions.size(); i++) {
            ThrowingWrite deletion = deletions.get(i);
            OwnedStore former = running.get(i);
            assertThatThrownBy(() -> deletion.on(former)).hasMessageContaining("it belongs to another database");
        }
        assertThat(store("third", null).stat("a.blob").size()).isEqualTo(7);
    }

    @Test
    void objectsWithoutOwner_haveToBeTakenOver() throws IOException {
        try (S3Store plain = new S3Store(server.settings("site/"))) {
            put(plain, "0000000000000001000000000000000a.blob");
        }
        assertThat(refusal(store("first", null))).contains("it has objects, and no owner", "bucket-takeover unowned");
        put(store("first", OwnedStore.UNOWNED), "a.blob");
        put(store("first", null), "b.blob");
    }

    @Test
    void copiedBlobDirectory_isAnotherDatabase() throws IOException {
        put(store("first", null), "a.blob");
        Files.createDirectories(directory.resolve("copy"));
        Files.copy(
                directory.resolve("first/.zeolite-identity"),
                directory.resolve("copy/.zeolite-identity"),
                StandardCopyOption.COPY_ATTRIBUTES);
        assertThat(refusal(store("copy", null))).contains("belongs to another database");
        put(store("first", null), "b.blob");
    }

    @Test
    void movedBlobDirectory_isTheSameDatabase() throws IOException {
        put(store("first", null), "a.blob");
        Files.move(directory.resolve("first"), directory.resolve("moved"));
        put(store("moved", null), "b.blob");
    }

    @Test
    void lacks_storeWithoutAnythingMissingButChecksums() throws IOException {
        OwnedStore store = store("first", null);
        store.claim();
        assertThat(store.lacks()).singleElement().asString().startsWith("checksums of its own");
    }

    @Test
    void lacks_directory() throws IOException {
        Path root = Files.createDirectories(directory.resolve("root"));
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        OwnedStore store = new OwnedStore(new DirectoryStore(root), blobs, null);
        store.claim();
        assertThat(store.lacks()).singleElement().asString().startsWith("checksums of its own");
    }

    private OwnedStore directoryStore(String root, @Nullable String takeover) throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        return new OwnedStore(new DirectoryStore(Files.createDirectories(directory.resolve(root))), blobs, takeover);
    }

    @Test
    void mountPointWithoutItsDisk_isNotClaimedAgain() throws IOException {
        put(directoryStore("mount", null), "a.blob");
        Path disk = Files.move(directory.resolve("mount"), directory.resolve("disk"));
        OwnedStore unmounted = directoryStore("mount", null);
        for (ThrowingWrite write :
                List.<ThrowingWrite>of(store -> put(store, "b.blob"), store -> store.deleteAll(List.of("a.blob")))) {
            assertThatThrownBy(() -> write.on(unmounted))
                    .hasMessageContaining("it was this database's, and .zeolite-owner is gone")
                    .hasMessageContaining("bucket-takeover unowned");
        }
        assertThat(directory.resolve("mount")).isEmptyDirectory();

        put(directoryStore("another", null), "c.blob");
        Files.delete(directory.resolve("mount"));
        Files.move(disk, directory.resolve("mount"));
        put(unmounted, "d.blob");
    }

    @Test
    void placeThatIsNew_hasPlacesBeforeIt() throws IOException {
        assertThat(directoryStore("one", null).placesBefore()).isEmpty();
        put(directoryStore("one", null), "a.blob");
        OwnedStore other = directoryStore("other", null);
        assertThat(other.placesBefore())
                .containsExactly(directory.resolve("one").toString());
        put(other, "a.blob");
        assertThat(directoryStore("other", null).placesBefore()).isEmpty();
        assertThat(directoryStore("one", null).placesBefore()).isEmpty();
    }

    @Test
    void prefixThatWasEmptied_hasToBeTakenOver() throws IOException {
        put(store("first", null), "a.blob");
        try (S3Store plain = new S3Store(server.settings("site/"))) {
            plain.deleteAll(List.of("a.blob", OwnedStore.MARKER));
        }
        assertThat(refusal(store("first", null))).contains("it was this database's, and .zeolite-owner is gone");
        put(store("first", OwnedStore.UNOWNED), "b.blob");
        put(store("first", null), "c.blob");
    }

    @Test
    void claimThatWasNeverNoted_isNotedByTheNext() throws IOException {
        put(directoryStore("mount", null), "a.blob");
        Path note = directory.resolve("blobs/.zeolite-claims");
        Files.delete(note);
        put(directoryStore("mount", null), "b.blob");
        assertThat(note).hasContent(directory.resolve("mount").toString());
    }

    @Test
    void directoryThatIsNotMounted_isNotClaimed() throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        OwnedStore store = new OwnedStore(new DirectoryStore(directory.resolve("not-mounted")), blobs, null);
        assertThatThrownBy(() -> put(store, "a.blob")).isInstanceOf(StoreException.class);
        assertThat(directory.resolve("not-mounted")).doesNotExist();
    }
}
