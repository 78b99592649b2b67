package io.zeolite.tool.bucket;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Settings.Encryption;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code zeolite bucket-policy}: prints who needs which permissions, as policies that AWS and stores like it take. */
public final class BucketPolicy {
    private final S3Settings settings;
    private final String partition;
    private final @Nullable String except;
    private final Console console;

    /** For whom a policy is. */
    public enum Role {
        SERVER("attach it to the user or role of the server: reads, archives, and removes what was packed away"),
        ARCHIVER("attach it to the user or role that archive-blobs runs as: reads and writes, and deletes nothing"),
        READER("attach it to the user or role of copies (read-only-bucket), verify-blobs, restore-blobs, blob-stats"),
        CHECK("attach it beside another one to whoever runs bucket-check, to see how the bucket is set up"),
        DENY_DELETION("set it as the policy of the bucket: keeps everybody, administrators too, from deleting it");

        private final String purpose;

        Role(String purpose) {
            this.purpose = purpose;
        }

        /** As people write it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private record Statement(
            String sid, String effect, List<String> actions, List<String> resources, boolean listing) {}

    /** @param except an ARN that the denial does not hold for, or null */
    public BucketPolicy(S3Settings settings, @Nullable String except, Console console) {
        this.settings = settings;
        this.except = except;
        this.console = console;
        String region = settings.region() == null ? "" : settings.region();
        this.partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
    }

    /** Prints one policy, to be used as it is. */
    public int print(Role role) throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            write(json, role);
        }
        return ExitStatus.OK;
    }

    /** Prints all policies, with what they are for. */
    public int printAll() throws IOException {
        for (Role role : Role.values()) {
            console.out().println("# " + role.text() + ": " + role.purpose);
            print(role);
            console.out().println();
        }
        return ExitStatus.OK;
    }

    /** Prints all policies in one JSON object, by their roles. */
    public int printJson() throws IOException {
        try (JsonGenerator json = Json.document(console.out())) {
            json.writeStartObject();
            for (Role role : Role.values()) {
                json.writeFieldName(role.text());
                write(json, role);
            }
            json.writeEndObject();
        }
        return ExitStatus.OK;
    }

    private String bucket() {
        return "arn:" + partition + ":s3:::" + settings.bucket();
    }

    private String objects(String start) {
        return bucket() + "/" + settings.prefix() + start + "*";
    }

    private List<Statement> statements(Role role) {
        List<Statement> statements = new ArrayList<>();
        switch (role) {
            case READER -> addReading(statements);
            case ARCHIVER -> {
                addReading(statements);
                addWriting(statements);
                statements.add(new Statement(
                        "DeleteProbes",
                        "Allow",
                        List.of("s3:DeleteObject"),
                        List.of(objects(".zeolite-probe"), objects(".zeolite-check-")),
                        false));
            }
            case SERVER -> {
                addReading(statements);
                addWriting(statements);
                statements.add(allow("Delete", List.of("s3:DeleteObject"), objects("")));
            }
            case CHECK ->
                statements.add(allow(
                        "LookAtSettings",
                        List.of(
                                "s3:GetBucketVersioning",
                                "s3:GetLifecycleConfiguration",
                                "s3:GetBucketPublicAccessBlock",
                                "s3:GetBucketObjectLockConfiguration",
                                "s3:ListBucketMultipartUploads"),
                        bucket()));
            case DENY_DELETION -> {
                statements.add(new Statement(
                        "KeepTheBucket",
                        "Deny",
                        List.of(
                                "s3:DeleteBucket",
                                "s3:DeleteBucketPolicy",
                                "s3:PutBucketVersioning",
                                "s3:PutLifecycleConfiguration"),
                        List.of(bucket()),
                        false));
                statements.add(new Statement(
                        "KeepOlderVersions", "Deny", List.of("s3:DeleteObjectVersion"), List.of(objects("")), false));
            }
        }
        return statements;
    }

    private static Statement allow(String sid, List<String> actions, String resource) {
        return new Statement(sid, "Allow", actions, List.of(resource), false);
    }

    private void addReading(List<Statement> statements) {
        statements.add(allow("Read", List.of("s3:GetObject"), objects("")));
        statements.add(new Statement("List", "Allow", List.of("s3:ListBucket"), List.of(bucket()), true));
        addKey(statements, "UseTheKeyToRead", List.of("kms:Decrypt"));
    }

    private void addWriting(List<Statement> statements) {
        statements.add(allow(
                "Write",
                List.of("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
                objects("")));
        statements.add(allow("FindUnfinishedUploads", List.of("s3:ListBucketMultipartUploads"), bucket()));
        addKey(statements, "UseTheKeyToWrite", List.of("kms:GenerateDataKey"));
    }

    private void addKey(List<Statement> statements, String sid, List<String> actions) {
        if (settings.encryption() instanceof Encryption.Kms kms && kms.keyId() != null) {
            String id = kms.keyId();
            String arn = id.startsWith("arn:")
                    ? id
                    : "arn:" + partition + ":kms:" + (settings.region() == null ? "*" : settings.region()) + ":*:key/"
                            + id;
            statements.add(new Statement(sid, "Allow", actions, List.of(arn), false));
        }
    }

    private void write(JsonGenerator json, Role role) throws IOException {
        json.writeStartObject();
        json.writeStringField("Version", "2012-10-17");
        json.writeArrayFieldStart("Statement");
        for (Statement statement : statements(role)) {
            write(json, statement);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void write(JsonGenerator json, Statement statement) throws IOException {
        json.writeStartObject();
        json.writeStringField("Sid", statement.sid());
        json.writeStringField("Effect", statement.effect());
        boolean denies = statement.effect().equals("Deny");
        if (denies) {
            json.writeStringField("Principal", "*");
        }
        writeArray(json, "Action", statement.actions());
        writeArray(json, "Resource", statement.resources());
        if (statement.listing() && !settings.prefix().isEmpty()) {
            writeCondition(json, "StringLike", "s3:prefix", settings.prefix() + "*");
        }
        if (denies && except != null) {
            writeCondition(json, "ArnNotEquals", "aws:PrincipalArn", except);
        }
        json.writeEndObject();
    }

    private static void writeArray(JsonGenerator json, String name, List<String> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (String value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }

    private static void writeCondition(JsonGenerator json, String operator, String key, String value)
            throws IOException {
        json.writeObjectFieldStart("Condition");
        json.writeObjectFieldStart(operator);
        json.writeStringField(key, value);
        json.writeEndObject();
        json.writeEndObject();
    }
}
