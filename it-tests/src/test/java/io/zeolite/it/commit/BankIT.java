package io.zeolite.it.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonResult;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Eight writers move money, and two readers audit what they see. */
final class BankIT {
    private static final int COMMITS_EACH = 50 * Layout.scale();

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void sums_withConflictsOfManyWriters_areRightInEverySnapshot(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        long seed = ThreadLocalRandom.current().nextInt(1_000_000);
        PythonResult result = scene.start("bank.py", "bank", server.address(), COMMITS_EACH, seed)
                .finish(Duration.ofMinutes(5L * Layout.scale()));
        assertThat(result.number("commits")).isEqualTo(8L * COMMITS_EACH);
        server.stop();
        scene.run("files.py", "examine", server.dataFile(), server.directory().resolve("blobs"));
    }
}
