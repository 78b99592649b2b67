package io.zeolite.blob.s3;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Credentials that the SDK gets elsewhere, by classes that it looks for by name. */
class RoleCredentialsTest {
    private static final String ANSWER =
            "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                    + "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AK</AccessKeyId>"
                    + "<SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>"
                    + "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                    + "</AssumeRoleWithWebIdentityResponse>";

    /** As a Kubernetes service account has one. */
    @Test
    void tokenOfAWebIdentity_isExchangedForCredentials(@TempDir Path directory) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "a-token");
        List<String> requests = new CopyOnWriteArrayList<>();
        HttpServer sts = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        sts.createContext("/", exchange -> {
            requests.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            byte[] answer = ANSWER.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "text/xml");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        sts.start();
        Map<String, String> properties = Map.of(
                "aws.webIdentityTokenFile",
                token.toString(),
                "aws.roleArn",
                "arn:aws:iam::123456789012:role/zeolite",
                "aws.region",
                "eu-central-1",
                "aws.endpointUrlSts",
                "http://localhost:" + sts.getAddress().getPort());
        properties.forEach(System::setProperty);
        try (DefaultCredentialsProvider provider =
                DefaultCredentialsProvider.builder().build()) {
            AwsCredentials credentials = provider.resolveCredentials();

            assertThat(credentials.accessKeyId()).isEqualTo("AK");
            assertThat(requests).singleElement().asString().contains("WebIdentityToken=a-token");
        } finally {
            properties.keySet().forEach(System::clearProperty);
            sts.stop(0);
        }
    }
}
