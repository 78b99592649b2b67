package io.zeolite.it.wire;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class StatusIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void status_afterEachStep_hasTheFieldsAndCountsOfPython(Encoding encoding) throws InterruptedException {
        ZeoServer server =
                scene.server(encoding).option("transaction-timeout", "60").start();
        scene.run("status.py", "counts", server.address());
        server.stop();
    }
}
