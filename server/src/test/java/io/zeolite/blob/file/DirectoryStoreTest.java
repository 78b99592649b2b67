package io.zeolite.blob.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.BlobStoreContract;
import io.zeolite.blob.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    }

    @Test
    void anyKeyThatLeadsOutside_isRefused() throws Exception {
        Path outside = Files.writeString(directory.resolve("outside"), "secret");
        BlobStore store = create();
        assertReason(Reason.REFUSED, () -> store.open("../outside", 0, null));
        assertReason(Reason.REFUSED, () -> store.delete(outside.toString()));
        assertThat(outside).exists();
    }
}
