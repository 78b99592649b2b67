package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.Storage;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobUploadTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final ArrayDeque<Runnable> loop = new ArrayDeque<>();

    @Test
    void write_clientStopsInTheMiddle_whatItHasSentIsWritten() throws IOException {
        Path file = Files.createFile(directory.resolve("blob"));
        BlobUpload upload = upload(file);
        upload.start();
        upload.write(new byte[] {1, 2});
        upload.write(new byte[] {3});
        assertThat(file).isEmptyFile();
        assertThat(loop).hasSize(1);

        loop.remove().run();

        assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void drop_beforeItIsWritten_writesNothing() throws IOException {
        Path file = Files.createFile(directory.resolve("blob"));
        BlobUpload upload = upload(file);
        upload.start();
        upload.write(new byte[] {1});

        upload.drop();
        loop.remove().run();

        assertThat(file).isEmptyFile();
    }

    /** An upload to a file, which the loop itself writes. */
    private BlobUpload upload(Path file) {
        Storage storage = stub(Storage.class, Map.of("newBlobFile", file, "syncsBlobs", false));
        Outbox outbox = (Outbox) Proxy.newProxyInstance(
                Outbox.class.getClassLoader(), new Class<?>[] {Outbox.class}, (proxy, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("execute");
                    loop.add((Runnable) arguments[0]);
                    return null;
                });
        return new BlobUpload(storage, Runnable::run, outbox);
    }

    private static <T> T stub(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> answers.get(method.getName())));
    }
}
