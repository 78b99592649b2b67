package io.zeolite.client.blob;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Another process that fetches a blob and never comes to an end. */
final class FetcherProcess {
    private FetcherProcess() {}

    public static void main(String[] arguments) throws Exception {
        BlobCache cache = BlobCache.open(Path.of(arguments[0]), new CacheLimit.Bytes(1000), false);
        NewEntry entry = cache.begin(1, 0x03f1a2b3c4d5e6f7L, 600).orElseThrow();
        System.out.println(entry.hasPlace() ? "begun" : "no place");
        new CountDownLatch(1).await();
    }
}
