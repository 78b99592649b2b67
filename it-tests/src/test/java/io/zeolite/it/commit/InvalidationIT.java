package io.zeolite.it.commit;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class InvalidationIT {
    private static final Duration END = Duration.ofMinutes(2);

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void commitsOfOthers_areSeenInOrderAndWhole(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("invalidations.py", "order", server.address(), 60 * Math.min(Layout.scale(), 10));
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    void cacheFile_afterFewOrManyCommitsOfOthers_isVerified(Encoding encoding) throws InterruptedException {
        ZeoServer server =
                scene.server(encoding).option("invalidation-queue-size", "3").start();
        PythonScript client = scene.start("invalidations.py", "away", server.address(), "cache");
        client.awaitLine("away");
        for (String round : new String[] {"quick 2", "stale 10", "quick 1"}) {
            client.say(round);
            client.awaitLine("verified");
        }
        // What was committed before the start is in the queue too.
        server.stop();
        server.start();
        client.say("quick 1");
        client.awaitLine("verified");
        client.say("end 0");
        client.finish(END);
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    void openClient_afterStopsAndKillsOfTheServer_hearsWhatItMissed(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        PythonScript client = scene.start("invalidations.py", "reconnect", server.address());
        client.awaitLine("ready");
        for (boolean killed : new boolean[] {false, true, true}) {
            if (killed) {
                server.kill();
            } else {
                server.stop();
            }
            server.start();
            client.say("restarted");
            client.awaitLine("seen");
        }
        client.say("end");
        client.finish(END);
        server.stop();
    }
}
