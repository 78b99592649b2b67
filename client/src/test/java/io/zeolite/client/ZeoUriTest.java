package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.connection.LinkOptions;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZeoUriTest {
    @Test
    void parse_severalHosts_storageAndOptions() {
        ZeoClientOptions options = ZeoClientOptions.parse("zeo://one:8100,[::1]:8101/main?wait=500ms&cache-size=2GB"
                + "&blob_dir=%2Fvar%2Fblobs&blob-cache-size=10gb&read-only-fallback=true&label=a+b&call-timeout=5"
                + "&server-timeout=2m&first-retry=10ms&last-retry=1h&cache-file=/x/cache&connect-timeout=3s");
        assertThat(options.addresses())
                .containsExactly(
                        InetSocketAddress.createUnresolved("one", 8100),
                        InetSocketAddress.createUnresolved("::1", 8101));
        assertThat(options.storage()).isEqualTo("main");
        assertThat(options.waitTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(options.cacheBytes()).isEqualTo(2L << 30);
        assertThat(options.blobDirectory()).isEqualTo(Path.of("/var/blobs"));
        assertThat(options.blobCacheLimit()).isEqualTo(new CacheLimit.Bytes(10L << 30));
        assertThat(options.access()).isEqualTo(LinkOptions.Access.READ_ONLY_FALLBACK);
        assertThat(options.label()).isEqualTo("a+b");
        assertThat(options.callTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(options.serverTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(options.firstRetry()).isEqualTo(Duration.ofMillis(10));
        assertThat(options.lastRetry()).isEqualTo(Duration.ofHours(1));
        assertThat(options.connectTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(options.cacheFile()).isEqualTo(Path.of("/x/cache"));
        assertThat(options.tls()).isNull();
        assertThat(options.toBuilder().build().addresses()).isEqualTo(options.addresses());
    }

    @Test
    void parse_socketAndTls() {
        ZeoClientOptions options = ZeoClientOptions.parse(
                "zeos:///run/zeo.sock?storage=x&tls-trust=ca.pem&tls-certificate=c.pem&tls-server-name=zeo&shared-blob-dir=b");
        assertThat(options.addresses()).containsExactly(UnixDomainSocketAddress.of("/run/zeo.sock"));
        assertThat(options.storage()).isEqualTo("x");
        assertThat(options.tls())
                .isEqualTo(new TlsOptions(Path.of("ca.pem"), Path.of("c.pem"), null, null, "zeo", true));
        assertThat(options.sharesBlobDirectory()).isTrue();
        assertThat(ZeoClientOptions.parse("zeo://h:1").storage()).isEqualTo("1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "http://h:1/x | zeo://HOST:PORT",
                "zeo://h/x | HOST:PORT",
                "zeo://h:70000/x | HOST:PORT",
                "zeo:///?storage=1 | an address",
                "zeo://h:1?wait=soon | a duration like",
                "zeo://h:1?cache-size=much | a size like",
                "zeo://h:1?cache-size=999999999999999TB | cache-size: \"999999999999999TB\" (expected: less than 2^63 bytes)",
                "zeo://h:1?cache-file=%zz | cache-file: \"%zz\" (expected: two hexadecimal digits behind each %)",
                "zeo://h:1?%z=1 | option: \"%z\"",
                "zeo://h:1/%z | path: \"/%z\"",
                "zeo://h:1?cache-file=%00 | cache-file: Nul character not allowed (expected: a path)",
                "zeo://h:1?blob-cache-size=5GB | blob-cache-size: \"5GB\" without blob-dir (expected: both)",
                "zeo://h:1?shared-blob-dir=b&blob-cache-size=5GB | without blob-dir",
                "zeo://h:1?read-only=maybe | true or false",
                "zeo://h:1?colour=blue | option: colour",
                "zeo://h:1?tls-trust=x | without TLS",
                "zeo://h:1?x | NAME=VALUE"
            })
    void parse_somethingElse_saysWhat(String uri, String expected) {
        assertThatThrownBy(() -> ZeoClientOptions.parse(uri))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void cacheLimit_thatThereIsNot_isRefused() {
        assertThatThrownBy(() -> new CacheLimit.Bytes(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bytes: -1 (expected: zero or more)");
        for (int percent : new int[] {0, 101}) {
            assertThatThrownBy(() -> new CacheLimit.ShareOfDisk(percent))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("percent: " + percent + " (expected: 1 to 100)");
        }
    }

    /** As a number of nanoseconds they would be negative, or none at all. */
    @Test
    void duration_tooLong_isRefused() {
        ZeoClientOptions.Builder builder = ZeoClientOptions.builder().waitTimeout(Duration.ZERO);
        Duration forEver = Duration.ofSeconds(Long.MAX_VALUE);
        assertThatThrownBy(() -> builder.waitTimeout(forEver))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("waitTimeout: " + forEver + " (expected: zero up to 36500 days)");
        assertThatThrownBy(() -> builder.lastRetry(Duration.ZERO))
                .hasMessage("lastRetry: PT0S (expected: more than zero up to 36500 days)");
    }
}
