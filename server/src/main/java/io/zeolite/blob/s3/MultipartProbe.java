package io.zeolite.blob.s3;

import static io.zeolite.blob.BucketFinding.ok;
import static io.zeolite.blob.BucketFinding.warning;

import io.zeolite.blob.BucketFinding;
import io.zeolite.blob.Throttle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.RequestPayer;

/** Tries whether large objects can be written in parts, and looks for parts that were left behind. */
final class MultipartProbe {
    private static final byte[] CONTENT = new byte[1024];
    private static final Duration STALE = Duration.ofDays(1);

    private final S3Client client;
    private final S3Settings settings;
    private final CustomerKey customerKey;
    private final @Nullable RequestPayer payer;
    private final String key;
    private final Consumer<BucketFinding> report;

    MultipartProbe(
            S3Client client,
            S3Settings settings,
            CustomerKey customerKey,
            @Nullable RequestPayer payer,
            String key,
            Consumer<BucketFinding> report) {
        this.client = client;
        this.settings = settings;
        this.customerKey = customerKey;
        this.payer = payer;
        this.key = key;
        this.report = report;
    }

    void run() {
        upload();
        stale();
    }

    private void upload() {
        S3Upload upload = new S3Upload(
                client, settings, customerKey, Runnable::run, Throttle.NONE, WriteTimeout.of(settings), key);
        Path file = null;
        try {
            file = Files.createTempFile("zeolite-check-", ".tmp");
            Files.write(file, CONTENT);
            upload.writeInParts(file, CONTENT.length, BucketProbe.crc32c(CONTENT), "text/plain");
            client.deleteObject(
                    request -> request.bucket(settings.bucket()).key(key).requestPayer(payer));
            String begun = upload.begin(Map.of(), "text/plain");
            client.abortMultipartUpload(request ->
                    request.bucket(settings.bucket()).key(key).uploadId(begun).requestPayer(payer));
            report.accept(ok("multipart", "supported, and can be aborted"));
        } catch (IOException e) {
            notSupported(String.valueOf(e.getMessage()));
        } catch (SdkException e) {
            notSupported("" + Failures.of("write in parts", e).getMessage());
        } finally {
            delete(file);
        }
    }

    private void notSupported(String why) {
        report.accept(warning(
                "multipart",
                why,
                "blobs above 64 MB are written in parts, and cannot be archived without; allow"
                        + " s3:AbortMultipartUpload if that was denied"));
    }

    private static void delete(@Nullable Path file) {
        try {
            if (file != null) {
                Files.delete(file);
            }
        } catch (IOException e) {
            // A few bytes in the directory for temporary files.
        }
    }

    private void stale() {
        Instant limit = Instant.now().minus(STALE);
        long count;
        try {
            count = client
                    .listMultipartUploads(request -> request.bucket(settings.bucket())
                            .prefix(settings.prefix())
                            .requestPayer(payer))
                    .uploads()
                    .stream()
                    .map(MultipartUpload::initiated)
                    .filter(begun -> begun != null && begun.isBefore(limit))
                    .count();
        } catch (SdkException e) {
            report.accept(ok("unfinished uploads", "cannot be listed (HTTP " + BucketProbe.status(e) + ")"));
            return;
        }
        report.accept(
                count == 0
                        ? ok("unfinished uploads", "none that is older than a day")
                        : warning(
                                "unfinished uploads",
                                count + " are older than a day, and are paid for",
                                "abort them, best by a lifecycle rule"));
    }
}
