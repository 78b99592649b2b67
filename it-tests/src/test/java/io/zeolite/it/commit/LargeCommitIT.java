package io.zeolite.it.commit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A gigabyte in one transaction, with a heap of a quarter of that. */
final class LargeCommitIT {
    private static final Duration LONG = Duration.ofMinutes(14);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void gigabyteOfLargeRecords_inOneTransaction_isCommitted() throws InterruptedException {
        commit(10_000, 100_000);
    }

    @Test
    void gigabyteOfSmallRecords_inOneTransaction_isCommitted() throws InterruptedException {
        assumeTrue(Layout.scale() > 1, "Takes minutes; run with -Psoak");
        commit(1_000_000, 1_000);
    }

    private void commit(int records, int bytes) throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE)
                .environment("ZEOLITE_JAVA_OPTS", "-Xmx256m")
                .start();
        scene.start("large.py", "commit", server.address(), records, bytes).finish(LONG);
        server.stop();
    }
}
