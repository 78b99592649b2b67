package io.zeolite.blob.s3;

import static io.zeolite.blob.BucketFinding.error;
import static io.zeolite.blob.BucketFinding.ok;
import static io.zeolite.blob.BucketFinding.warning;

import io.zeolite.blob.BucketFinding;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.Throttle;
import io.zeolite.blob.s3.S3Settings.Credentials;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.RequestPayer;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Tries what the credentials may do in a bucket, and what its store can do, with small objects under the prefix that are deleted
 * again ({@code .zeolite-check-...}). If the bucket is only to be read, no object is written. For one thread.
 */
public final class BucketProbe implements AutoCloseable {
    private static final byte[] CONTENT =
            "Zeolite tries what this bucket can do. May be deleted.\n".getBytes(StandardCharsets.US_ASCII);

    private static final String READING_ALLOWED = "allowed (s3:GetObject)";
    private static final Pattern THIS_MACHINE = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|\\[::1]");

    private static final String TYPE = "text/plain";
    private static final int CRC32C_OF_CONTENT = crc32c(CONTENT);
    private static final int TIMED_REQUESTS = 5;

    private final S3Settings settings;
    private final boolean readOnly;
    private final Consumer<BucketFinding> report;
    private final S3Client client;
    private final CustomerKey customerKey;
    private final @Nullable RequestPayer payer;
    private final String key;
    private final S3Upload upload;
    /** One that was there before; null if none is known. */
    private @Nullable S3Object listed;

    /**
     * @param readOnly whether the bucket is only to be read
     * @param report is told of each finding as it comes
     */
    public BucketProbe(S3Settings settings, boolean readOnly, Consumer<BucketFinding> report) {
        this.settings = settings;
        this.readOnly = readOnly;
        this.report = report;
        this.client = S3Clients.create(settings);
        this.customerKey = settings.encryption() instanceof S3Settings.Encryption.CustomerKey given
                ? CustomerKey.of(given.keyBase64())
                : CustomerKey.NONE;
        this.payer = settings.requesterPays() ? RequestPayer.REQUESTER : null;
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        this.key = settings.prefix() + ".zeolite-check-" + HexFormat.of().formatHex(random);
        this.upload = new S3Upload(
                client, settings, customerKey, Runnable::run, Throttle.NONE, WriteTimeout.of(settings), key);
    }

    static int crc32c(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** Tries everything; stops early if the bucket cannot be reached at all. */
    public void run() {
        transport();
        if (!reachable()) {
            return;
        }
        confinement();
        if (readOnly) {
            readListed();
            refusesWriting();
        } else if (write()) {
            read();
            ranges();
            checksums();
            conditionalWrites();
            latency();
            anonymousReading();
            new MultipartProbe(client, settings, customerKey, payer, key + "-multipart", report).run();
            delete();
        }
        if (!readOnly) {
            // How it is set up is the business of those who write there.
            new BucketSettingsProbe(client, settings, report).run();
        }
    }

    private void transport() {
        String subject = "encryption on the way";
        URI endpoint = settings.endpoint();
        if (endpoint == null || !"http".equals(endpoint.getScheme())) {
            report.accept(ok(subject, "TLS"));
        } else if (isThisMachine(endpoint.getHost())) {
            report.accept(ok(subject, "none needed: the endpoint is on this machine, " + endpoint));
        } else {
            report.accept(
                    warning(subject, "none: the endpoint is " + endpoint, "use https, unless the network is your own"));
        }
    }

    /** By its name alone: what other names lead to may change. */
    static boolean isThisMachine(@Nullable String host) {
        return host != null
                && THIS_MACHINE.matcher(host.toLowerCase(Locale.ROOT)).matches();
    }

    /** Whether the store answers, knows us, and has the bucket. */
    private boolean reachable() {
        try {
            listed = client
                    .listObjectsV2(request -> request.bucket(settings.bucket())
                            .prefix(settings.prefix())
                            .maxKeys(1)
                            .requestPayer(payer))
                    .contents()
                    .stream()
                    .findFirst()
                    .orElse(null);
            report.accept(ok("listing", "allowed (s3:ListBucket)"));
            return true;
        } catch (SdkException e) {
            String said = Failures.of("list", e).getMessage();
            if (status(e) == 403 && !code(e).matches("InvalidAccessKeyId|SignatureDoesNotMatch|RequestTimeTooSkewed")) {
                report.accept(error(
                        "listing",
                        "denied: " + said,
                        "allow s3:ListBucket; without it a missing blob looks like a denied one, and gc-bucket,"
                                + " verify-blobs and the like cannot work"));
                return true;
            }
            String advice = status(e) == 404
                    ? "create the bucket, or correct its name, endpoint or region"
                    : "look at endpoint, region, path-style, the credentials, and the clock of this machine";
            report.accept(error("reaching the bucket", String.valueOf(said), advice));
            return false;
        }
    }

    /** Whether the credentials reach beyond the prefix, asked by an object that is not there. */
    private void confinement() {
        if (settings.prefix().isEmpty()) {
            return;
        }
        try {
            client.headObject(head(".zeolite-check-outside").build());
        } catch (SdkException e) {
            if (status(e) == 403) {
                report.accept(ok("other prefixes", "out of reach"));
                return;
            } else if (status(e) != 404) {
                return;
            }
        }
        report.accept(warning(
                "other prefixes",
                "the credentials can read or list outside of " + settings.prefix(),
                "confine them to the prefix; \"zeolite bucket-policy\" prints how"));
    }

    /** A byte of an object that is there, since none is written. */
    private void readListed() {
        if (listed == null) {
            report.accept(warning("reading", "not tried: no object is listed", "look whether the prefix is right"));
            return;
        }
        String range = listed.size() == 0 ? null : "bytes=0-0";
        try {
            client.getObject(get(listed.key()).range(range).build()).abort();
            report.accept(ok("reading", READING_ALLOWED));
        } catch (SdkException e) {
            readingFailed(e);
        }
    }

    private void readingFailed(SdkException failure) {
        report.accept(error("reading", "" + Failures.of("read", failure).getMessage(), "allow s3:GetObject"));
    }

    /** Begins an upload and gives it up: nothing of that is ever seen as an object. */
    private void refusesWriting() {
        try {
            upload.giveUp(upload.begin(Map.of(), TYPE));
            report.accept(
                    warning(
                            "writing",
                            "the credentials can write, though read-only-bucket is on",
                            "give this copy credentials that can only read; \"zeolite bucket-policy --for reader\" prints the policy"));
        } catch (StoreException e) {
            report.accept(
                    e.reason() == Reason.DENIED
                            ? ok("writing", "denied, as it should be for read-only-bucket")
                            : warning("writing", "unclear: " + e.getMessage(), ""));
        }
    }

    private boolean write() {
        try {
            upload.put(RequestBody.fromBytes(CONTENT), CRC32C_OF_CONTENT, TYPE, null);
            String storageClass = settings.storageClass() == null ? "" : " in storage class " + settings.storageClass();
            report.accept(ok("writing", "allowed (s3:PutObject)" + storageClass));
            return true;
        } catch (StoreException e) {
            String advice = e.reason() == Reason.DENIED
                    ? "allow s3:PutObject under the prefix, and the use of the KMS key if there is one; or set"
                            + " read-only-bucket"
                    : "the store may lack the storage class or the encryption that is configured";
            report.accept(error("writing", String.valueOf(e.getMessage()), advice));
            return false;
        }
    }

    private void read() {
        try {
            byte[] bytes = client.getObjectAsBytes(get(key).build()).asByteArray();
            report.accept(
                    Arrays.equals(bytes, CONTENT)
                            ? ok("reading", READING_ALLOWED)
                            : error(
                                    "reading",
                                    bytes.length + " bytes came back that are not the " + CONTENT.length + " written",
                                    "this store changes what it is given; do not use it"));
        } catch (SdkException e) {
            readingFailed(e);
        }
    }

    private void ranges() {
        try {
            byte[] bytes =
                    client.getObjectAsBytes(get(key).range("bytes=8-").build()).asByteArray();
            boolean right = Arrays.equals(bytes, Arrays.copyOfRange(CONTENT, 8, CONTENT.length));
            report.accept(
                    right
                            ? ok("ranges", "supported: a download that breaks goes on where it broke")
                            : warning(
                                    "ranges",
                                    "not supported: the whole object came back",
                                    "a download that breaks fails; clients get an error and try again"));
        } catch (SdkException e) {
            report.accept(warning("ranges", "" + Failures.of("read a range", e).getMessage(), ""));
        }
    }

    private void checksums() {
        if (!settings.sendsChecksums()) {
            report.accept(
                    ok("checksums", "not used: each archived blob is read back instead (checksums on tries them)"));
            return;
        }
        try {
            upload.put(RequestBody.fromBytes(CONTENT), ~CRC32C_OF_CONTENT, TYPE, null);
            report.accept(warning(
                    "checksums",
                    "a wrong one is taken without a word",
                    "each archived blob is read back instead; checksums off saves the attempt"));
        } catch (StoreException e) {
            report.accept(
                    e.reason() == Reason.REFUSED
                            ? ok("checksums", "verified by the store: archived blobs need not be read back")
                            : warning("checksums", String.valueOf(e.getMessage()), "set checksums off"));
        }
    }

    private void conditionalWrites() {
        try {
            upload.put(RequestBody.fromBytes(CONTENT), CRC32C_OF_CONTENT, TYPE, "*");
            report.accept(ok("If-None-Match", "ignored: two writers of one object are not kept apart by the store"));
        } catch (StoreException e) {
            report.accept(ok(
                    "If-None-Match", e.reason() == Reason.CHANGED ? "supported" : "not supported: " + e.getMessage()));
        }
    }

    private void latency() {
        List<Long> micros = new ArrayList<>();
        try {
            for (int i = 0; i < TIMED_REQUESTS; i++) {
                long start = System.nanoTime();
                client.getObjectAsBytes(get(key).build());
                micros.add((System.nanoTime() - start) / 1000);
            }
        } catch (SdkException e) {
            return;
        }
        micros.sort(null);
        report.accept(ok(
                "latency",
                String.format(
                        Locale.ROOT,
                        "%.1f ms for a small object (median of %d, %.1f to %.1f)",
                        micros.get(TIMED_REQUESTS / 2) / 1e3,
                        TIMED_REQUESTS,
                        micros.get(0) / 1e3,
                        micros.get(TIMED_REQUESTS - 1) / 1e3)));
    }

    /** Whether somebody without credentials can read: the one answer that counts, whatever the settings say. */
    private void anonymousReading() {
        if (settings.credentials() instanceof Credentials.Anonymous) {
            report.accept(error("public access", "everybody can write to this bucket", "close it"));
            return;
        }
        try {
            client.getObjectAsBytes(get(key).overrideConfiguration(
                            override -> override.credentialsProvider(AnonymousCredentialsProvider.create()))
                    .build());
            report.accept(error(
                    "public access",
                    "everybody can read the blobs without credentials",
                    "block public access of the bucket, unless all blobs are meant to be public"));
        } catch (SdkException e) {
            boolean refused = status(e) == 401 || status(e) == 403;
            report.accept(
                    refused
                            ? ok("public access", "none: who has no credentials is refused (HTTP " + status(e) + ")")
                            : warning(
                                    "public access",
                                    "not known: "
                                            + Failures.of("read without credentials", e)
                                                    .getMessage(),
                                    "try again, or ask for an object without credentials yourself"));
        }
    }

    private void delete() {
        try {
            client.deleteObject(
                    request -> request.bucket(settings.bucket()).key(key).requestPayer(payer));
        } catch (SdkException e) {
            report.accept(warning(
                    "deleting",
                    Failures.of("delete", e).getMessage() + "; " + key + " is left behind",
                    "gc-bucket and the removal of packed blobs cannot work without s3:DeleteObject"));
            return;
        }
        try {
            client.headObject(head(key).build());
            report.accept(warning(
                    "deleting",
                    "the object is still there after it was deleted",
                    "Object Lock or a retention rule may hold it; nothing is lost, but nothing gets free either"));
        } catch (SdkException e) {
            report.accept(ok("deleting", "allowed (s3:DeleteObject)"));
        }
    }

    private GetObjectRequest.Builder get(String which) {
        return GetObjectRequest.builder()
                .bucket(settings.bucket())
                .key(which)
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5());
    }

    private HeadObjectRequest.Builder head(String which) {
        return HeadObjectRequest.builder()
                .bucket(settings.bucket())
                .key(which)
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5());
    }

    /** The HTTP status of a failure; 0 if there was no answer. */
    static int status(SdkException failure) {
        return failure instanceof AwsServiceException service ? service.statusCode() : 0;
    }

    /** The store's word for a failure; empty if it has none. */
    static String code(SdkException failure) {
        boolean has = failure instanceof AwsServiceException service && service.awsErrorDetails() != null;
        return has
                ? String.valueOf(
                        ((AwsServiceException) failure).awsErrorDetails().errorCode())
                : "";
    }

    @Override
    public void close() {
        client.close();
    }
}
