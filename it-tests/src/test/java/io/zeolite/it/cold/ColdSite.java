package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.FaultProxy;
import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A bucket, what stands between it and its servers, and the servers. */
final class ColdSite implements AutoCloseable {
    /** The environment of whoever uses the bucket. */
    static final Map<String, String> KEYS =
            Map.of("BUCKET_KEY", S3Server.ACCESS_KEY, "BUCKET_SECRET", S3Server.SECRET_KEY);

    private static final Duration LOOK_TIME = Duration.ofMinutes(2);
    private static final String LOOKED_AT = "s3://" + S3Server.BUCKET + "/site/ answers, and can be written to";

    private final Scene scene;
    private final S3Server bucket;
    private final FaultProxy proxy;

    private ColdSite(Scene scene, S3Server bucket, FaultProxy proxy) {
        this.scene = scene;
        this.bucket = bucket;
        this.proxy = proxy;
    }

    static ColdSite start(Scene scene) throws Exception {
        S3Server bucket =
                S3Server.start(Files.createDirectories(scene.directory().resolve("s3")));
        return new ColdSite(scene, bucket, FaultProxy.before(bucket.port()));
    }

    FaultProxy proxy() {
        return proxy;
    }

    S3Server bucket() {
        return bucket;
    }

    /** Of what the servers have, past the proxy. */
    S3Store store() {
        return new S3Store(bucket.settings("site/"));
    }

    /** A server with the bucket behind it, by way of the proxy. */
    ZeoServer server(Encoding encoding, String keys) {
        return withBucket(scene.server(encoding), bucketKeys(proxy.endpoint()) + "  cache-dir cache\n" + keys);
    }

    /** A server with another bucket. */
    ZeoServer serverOf(Encoding encoding, String bucketKeys) {
        return withBucket(scene.server(encoding), bucketKeys + "  cache-dir cache\n");
    }

    /** Gives a server a section. */
    ZeoServer withBucket(ZeoServer server, String keys) {
        KEYS.forEach(server::environment);
        return server.storages("<s3blobs 1>\n" + keys + """
                          <filestorage>
                            path Data.fs
                            blob-dir blobs
                          </filestorage>
                        </s3blobs>
                        """);
    }

    static String bucketKeys(URI endpoint) {
        return "  bucket " + S3Server.BUCKET + "\n  prefix site\n  endpoint " + endpoint
                + "\n  access-key-variable BUCKET_KEY\n  secret-key-variable BUCKET_SECRET\n";
    }

    /** The configuration of the package zodb-s3blobs, for its own server or this one. */
    static String zodbS3blobs(URI endpoint, String dataFile, String cache) {
        return "%import zodb_s3blobs\n<s3blobstorage 1>\n  bucket-name " + S3Server.BUCKET
                + "\n  s3-prefix site\n  s3-endpoint-url " + endpoint + "\n  s3-region us-east-1\n  s3-access-key "
                + S3Server.ACCESS_KEY + "\n  s3-secret-key " + S3Server.SECRET_KEY
                + "\n  s3-use-ssl false\n  s3-addressing-style path\n  cache-dir " + cache + "\n  cache-size 1GB\n"
                + "  <filestorage>\n    path " + dataFile + "\n  </filestorage>\n</s3blobstorage>\n";
    }

    /** Starts a server and returns when it has looked at the bucket, so that its requests can be counted. */
    ZeoServer start(ZeoServer server) {
        long before = looks(server);
        server.start();
        Await.until(LOOK_TIME, () -> "the server has not looked at its bucket", () -> looks(server) > before);
        return server;
    }

    private static long looks(ZeoServer server) {
        return server.log().lines().filter(line -> line.contains(LOOKED_AT)).count();
    }

    /** Runs {@code archive-blobs} beside the server, with success; returns what it said. */
    String archive(ZeoServer server, String... options) throws IOException, InterruptedException {
        Process archiver = archiver(server, options);
        String said = new String(archiver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(archiver.waitFor()).as(said).isZero();
        return said;
    }

    Process archiver(ZeoServer server, String... options) throws IOException {
        ProcessBuilder archive = new ProcessBuilder(Layout.launcher().toString(), "archive-blobs", "-C", "zeo.conf")
                .directory(server.directory().toFile())
                .redirectErrorStream(true);
        archive.command().addAll(List.of(options));
        archive.environment().putAll(KEYS);
        return archive.start();
    }

    /** How many files of blobs are in the blob directory of a server. */
    static long localBlobs(ZeoServer server) throws IOException {
        Path blobs = server.directory().resolve("blobs");
        try (var files = Files.walk(blobs)) {
            return files.filter(file -> file.toString().endsWith(".blob")).count();
        }
    }

    @Override
    public void close() throws Exception {
        proxy.close();
        bucket.close();
    }
}
