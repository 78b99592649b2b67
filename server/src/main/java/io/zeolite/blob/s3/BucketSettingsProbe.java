package io.zeolite.blob.s3;

import static io.zeolite.blob.BucketFinding.ok;
import static io.zeolite.blob.BucketFinding.warning;

import io.zeolite.blob.BucketFinding;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ExpirationStatus;
import software.amazon.awssdk.services.s3.model.LifecycleRule;
import software.amazon.awssdk.services.s3.model.LifecycleRuleFilter;
import software.amazon.awssdk.services.s3.model.PublicAccessBlockConfiguration;
import software.amazon.awssdk.services.s3.model.Transition;

/** Reads how a bucket is set up, as far as the credentials may, and the store knows of such settings. */
final class BucketSettingsProbe {
    private final S3Client client;
    private final String bucket;
    private final String prefix;
    private final Consumer<BucketFinding> report;

    BucketSettingsProbe(S3Client client, S3Settings settings, Consumer<BucketFinding> report) {
        this.client = client;
        this.bucket = settings.bucket();
        this.prefix = settings.prefix();
        this.report = report;
    }

    private interface Question {
        BucketFinding ask();
    }

    void run() {
        ask("versioning", this::versioning);
        ask("lifecycle", this::lifecycle);
        ask("public access block", this::publicAccessBlock);
        ask("Object Lock", this::objectLock);
    }

    private void ask(String subject, Question question) {
        try {
            report.accept(question.ask());
        } catch (SdkException e) {
            int status = BucketProbe.status(e);
            String why =
                    switch (status) {
                        case 403 -> "not known: the credentials may not ask";
                        case 404 -> "not set up";
                        case 400, 405, 501 -> "not known: the store has no such setting (HTTP " + status + ")";
                        default -> "not known: " + Failures.of("ask", e).getMessage();
                    };
            report.accept(ok(subject, why));
        }
    }

    private BucketFinding versioning() {
        BucketVersioningStatus status =
                client.getBucketVersioning(request -> request.bucket(bucket)).status();
        return status == BucketVersioningStatus.ENABLED
                ? ok(
                        "versioning",
                        "on: what is deleted stays as an older version, and is paid for until a rule removes it")
                : warning(
                        "versioning",
                        "off: what is deleted or overwritten is gone",
                        "switch it on, with a lifecycle rule that removes older versions after some weeks");
    }

    private BucketFinding lifecycle() {
        try {
            boolean aborts = false;
            Set<String> faults = new LinkedHashSet<>();
            for (LifecycleRule rule : client.getBucketLifecycleConfiguration(request -> request.bucket(bucket))
                    .rules()) {
                boolean active = rule.status() == ExpirationStatus.ENABLED;
                aborts |= active && rule.abortIncompleteMultipartUpload() != null;
                if (active && isAboutUs(rule)) {
                    faults.addAll(faults(rule));
                }
            }
            if (!faults.isEmpty()) {
                return BucketFinding.error(
                        "lifecycle",
                        String.join("; ", faults),
                        "remove it: blobs are deleted by gc-bucket only, and are read at any time");
            }
            return aborts ? ok("lifecycle", "uploads that were not finished are aborted by a rule") : noRule();
        } catch (SdkException e) {
            if (BucketProbe.status(e) == 404) {
                return noRule();
            }
            throw e;
        }
    }

    private static List<String> faults(LifecycleRule rule) {
        List<String> faults = new ArrayList<>();
        if (expires(rule)) {
            faults.add("a rule deletes objects when they get old, also blobs that are in use");
        }
        for (Transition transition : rule.transitions()) {
            String to = transition.storageClassAsString();
            if (to != null && StorageClasses.isArchive(to)) {
                faults.add("a rule moves objects to " + to + ", where they cannot be read until they are restored");
            }
        }
        return faults;
    }

    private static boolean expires(LifecycleRule rule) {
        return rule.expiration() != null
                && (rule.expiration().days() != null || rule.expiration().date() != null);
    }

    private boolean isAboutUs(LifecycleRule rule) {
        String start = start(rule);
        return start == null || start.startsWith(prefix) || prefix.startsWith(start);
    }

    /** What the keys begin with that a rule is about; null if it is about all. It has three places in a rule. */
    @SuppressWarnings("deprecation") // There are rules that have it where it used to be.
    private static @Nullable String start(LifecycleRule rule) {
        LifecycleRuleFilter filter = rule.filter();
        if (filter == null) {
            return rule.prefix();
        }
        return filter.and() == null ? filter.prefix() : filter.and().prefix();
    }

    private static BucketFinding noRule() {
        return warning(
                "lifecycle",
                "no rule for uploads that were not finished, whose parts are paid for and seen by nobody",
                "add one: abort incomplete multipart uploads after 7 days");
    }

    private BucketFinding publicAccessBlock() {
        PublicAccessBlockConfiguration block =
                client.getPublicAccessBlock(request -> request.bucket(bucket)).publicAccessBlockConfiguration();
        boolean all = Boolean.TRUE.equals(block.blockPublicAcls())
                && Boolean.TRUE.equals(block.ignorePublicAcls())
                && Boolean.TRUE.equals(block.blockPublicPolicy())
                && Boolean.TRUE.equals(block.restrictPublicBuckets());
        return all
                ? ok("public access block", "complete")
                : warning("public access block", "in part only", "switch all four settings on");
    }

    private BucketFinding objectLock() {
        var lock = client.getObjectLockConfiguration(request -> request.bucket(bucket))
                .objectLockConfiguration();
        if (lock == null || lock.rule() == null) {
            return ok("Object Lock", lock == null ? "off" : "on, without a default retention");
        }
        return ok(
                "Object Lock",
                "on, with a default retention of " + lock.rule().defaultRetention()
                        + ": deletions fail or only hide until it has passed; nothing else is affected");
    }
}
