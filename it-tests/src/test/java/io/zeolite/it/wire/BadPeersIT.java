package io.zeolite.it.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BadPeersIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void peers_thatDoNotKeepToTheProtocol_areDroppedOrTold(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        String kind = ServerKind.underTest().name().toLowerCase(Locale.ROOT);
        scene.run("wire.py", "all", server.address(), kind, server.directory().resolve("blobs/tmp"));
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server waits for a handshake for ever")
    void peers_thatSayNothing_areDroppedAfterTheHandshakeTimeout(Encoding encoding) throws InterruptedException {
        ZeoServer server =
                scene.server(encoding).option("handshake-timeout", "1").start();
        scene.run("wire.py", "silence", server.address());
        server.stop();
        assertThat(server.log()).containsIgnoringCase("handshake");
    }

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server holds in memory all that was asked for")
    void peers_thatAskAndNeverRead_areDroppedAndCostLittle(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding)
                .option("client-buffer-limit", "8MB")
                .option("client-stall-timeout", "2")
                .start();
        var clients = scene.start("slow_reader.py", "slow", server.address());
        clients.awaitLine("measured");
        long before = server.residentBytes();
        clients.say("go");
        clients.awaitLine("asked");
        long[] most = {server.residentBytes()};
        Await.until(Duration.ofMinutes(2), () -> "the log says that clients were dropped", () -> {
            most[0] = Math.max(most[0], server.residentBytes());
            return server.log().lines().filter(BadPeersIT::saysDropped).count() >= 3;
        });
        assertThat((most[0] - before) >> 20).as("MB more than before").isLessThan(50);
        clients.say("go");
        System.err.println("BadPeersIT " + encoding + ": " + ((most[0] - before) >> 20) + " MB, "
                + clients.finish(Duration.ofMinutes(3)).json());
        server.stop();
    }

    private static boolean saysDropped(String line) {
        return line.contains("127.0.0.1") && line.matches("(?i).*(not read|does not read|stall|slow|drop).*");
    }
}
