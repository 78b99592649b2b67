package io.zeolite.it.wire;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.util.Locale;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class StatusIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void status_afterEachStep_hasTheFieldsAndCountsOfPython(Encoding encoding) throws InterruptedException {
        // Where the server resolves conflicts, Python's ends a transaction with one without counting it as aborted.
        ZeoServer server = scene.server(encoding)
                .option("transaction-timeout", "60")
                .option("client-conflict-resolution", "true")
                .start();
        String kind = ServerKind.underTest().name().toLowerCase(Locale.ROOT);
        scene.run("status.py", "counts", server.address(), kind);
        server.stop();
    }
}
