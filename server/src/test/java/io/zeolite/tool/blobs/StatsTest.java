package io.zeolite.tool.blobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StatsTest {
    private static final Instant NOW = Instant.parse("2026-06-15T12:00:00Z");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    private static long tid(int daysAgo) {
        return TimeStamp.of(NOW.minus(Duration.ofDays(daysAgo)));
    }

    private static ToolOutput stats(TestSite test, boolean json) throws IOException {
        ToolOutput output = new ToolOutput();
        try (Site site = test.site()) {
            assertThat(new Stats(site, NOW, json, output.console()).run()).isEqualTo(ExitStatus.OK);
        }
        return output;
    }

    private static List<String> sums(ToolOutput output, String breakdown) throws IOException {
        return ToolOutput.objects(output.json(), breakdown).stream()
                .filter(sum -> !Objects.equals(sum.get("blobs"), 0L))
                .map(sum -> sum.get("label") + ": " + sum.get("blobs") + ", " + sum.get("bytes"))
                .toList();
    }

    @Test
    void stats_blobIsCommittedMeanwhile_isNotMissing() throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(1, tid(2), 1000);
            Path data = test.data.writeTo(home.resolve("Data.fs"));
            BlobStore store = test.store(true);
            BlobStore busy = (BlobStore) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {BlobStore.class}, (proxy, method, arguments) -> {
                        if (method.getName().equals("listPage")) {
                            test.commit(2, tid(1), 500);
                            test.data.writeTo(data);
                        }
                        return method.invoke(store, arguments);
                    });
            Site.Cold cold = new Site.Cold(
                    new RetryingStore(busy, TierSettings.DEFAULT), KeyLayout.FLAT, false, Duration.ZERO, test.cache());
            ToolOutput output = new ToolOutput();
            try (Site site = new Site("1", data, home.resolve("blobs"), cold)) {
                assertThat(new Stats(site, NOW, true, output.console()).run()).isEqualTo(ExitStatus.OK);
            }
            assertThat(sums(output, "tiers")).containsExactly("only local: 1, 1000");
        }
    }

    @Test
    void stats_ofAllKinds_addUp() throws Exception {
        try (TestSite test = new TestSite(home, false)) {
            test.commit(1, tid(800), 30_000);
            test.commit(2, tid(40), 20_000);
            test.commit(3, tid(2), 2000);
            test.archive(2, Afterwards.REMOVE);
            // An image that refers to the blob 2, as plone.namedfile pickles it.
            String reference = "C\b\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0002cZODB.blob\nBlob\n\u0086Q";
            test.data
                    .transaction(tid(1))
                    .store(
                            7,
                            "\u0080\u0003cplone.namedfile.file\nNamedBlobImage\n.\u0080\u0003}U\u0005_blob" + reference
                                    + "s.")
                    .finish();
            test.writeCached(1, tid(800), TestSite.bytes(1, tid(800), 30_000));
            ToolOutput output = stats(test, true);
            assertThat(output.json().get("blobs")).isEqualTo(3L);
            assertThat(output.json().get("bytes")).isEqualTo(52_000L);
            assertThat(sums(output, "tiers"))
                    .containsExactly("only local: 1, 2000", "only bucket: 2, 50000", "(cached): 1, 30000");
            assertThat(sums(output, "sizes")).containsExactly("up to 10 KB: 1, 2000", "up to 100 KB: 2, 50000");
            assertThat(sums(output, "ages"))
                    .containsExactly("up to 7 days: 1, 2000", "up to 90 days: 1, 20000", "up to 5 years: 1, 30000");
            assertThat(sums(output, "classes"))
                    .containsExactly(
                            "(nothing refers to it): 2, 32000", "plone.namedfile.file.NamedBlobImage: 1, 20000");
            assertThat(sums(output, "months"))
                    .containsExactly("2024-04: 1, 30000", "2026-05: 1, 20000", "2026-06: 1, 2000");
            assertThat(stats(test, false).text())
                    .startsWith("storage 1: 3 blobs, 50.8 KB\n\nWhere they are\n")
                    .containsPattern("  2024-04 +1 +29.3 KB +58 %  #{30}\n");
        }
    }
}
