package io.zeolite.tool.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.tool.ToolOutput;
import io.zeolite.tool.bucket.BucketPolicy.Role;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class BucketPolicyTest {
    private static final S3Settings SETTINGS =
            S3Server.settings(URI.create("http://127.0.0.1:1"), "site/", new Credentials.Anonymous());

    private static List<Map<?, ?>> statements(Role role) throws IOException {
        ToolOutput output = new ToolOutput();
        new BucketPolicy(SETTINGS, "arn:aws:iam::123456789012:role/owner", output.console()).print(role);
        assertThat(output.json().get("Version")).isEqualTo("2012-10-17");
        return ToolOutput.objects(output.json(), "Statement");
    }

    private static List<String> actions(Role role) throws IOException {
        return statements(role).stream()
                .flatMap(statement -> ((List<?>) Objects.requireNonNull(statement.get("Action"))).stream())
                .map(Object::toString)
                .toList();
    }

    @Test
    void reader_mayReadAndList_andNothingElse() throws IOException {
        assertThat(actions(Role.READER)).containsExactlyInAnyOrder("s3:GetObject", "s3:ListBucket");
        assertThat(statements(Role.READER))
                .contains(Map.of(
                        "Sid",
                        "List",
                        "Effect",
                        "Allow",
                        "Action",
                        List.of("s3:ListBucket"),
                        "Resource",
                        List.of("arn:aws:s3:::blobs"),
                        "Condition",
                        Map.of("StringLike", Map.of("s3:prefix", "site/*"))));
    }

    @Test
    void archiver_mayDeleteItsProbesOnly() throws IOException {
        assertThat(statements(Role.ARCHIVER).stream()
                        .filter(statement -> List.of("s3:DeleteObject").equals(statement.get("Action")))
                        .map(statement -> Objects.toString(statement.get("Resource"))))
                .containsExactly("[arn:aws:s3:::blobs/site/.zeolite-probe*, arn:aws:s3:::blobs/site/.zeolite-check-*]");
        assertThat(actions(Role.SERVER)).contains("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload");
    }

    @Test
    void denyDeletion_isAboutEverybodyButOne() throws IOException {
        assertThat(statements(Role.DENY_DELETION)).allSatisfy(statement -> {
            assertThat(statement.get("Effect")).isEqualTo("Deny");
            assertThat(statement.get("Principal")).isEqualTo("*");
            assertThat(Objects.toString(statement.get("Condition"))).contains("ArnNotEquals", "role/owner");
        });
        assertThat(actions(Role.DENY_DELETION)).contains("s3:DeleteBucket", "s3:DeleteObjectVersion");
    }
}
