package io.zeolite.it.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tools that speak to a server, to Python's as to ours. */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "It is about Zeolite's command line")
final class ServerToolsIT {
    @RegisterExtension
    final Scene scene = new Scene();

    private ZeoServer start(ServerKind kind, Encoding encoding) {
        return scene.server(encoding).command(kind.command()).start();
    }

    @ParameterizedTest
    @CsvSource({"PYTHON, PICKLE", "PYTHON, MSGPACK", "ZEOLITE, PICKLE", "ZEOLITE, MSGPACK"})
    void status_saysWhatZeoNagiosSays(ServerKind kind, Encoding encoding) throws InterruptedException {
        scene.run("tools.py", "status", start(kind, encoding).address(), Layout.launcher());
    }

    @ParameterizedTest
    @CsvSource({"PYTHON, PICKLE", "PYTHON, MSGPACK", "ZEOLITE, PICKLE", "ZEOLITE, MSGPACK"})
    void packAndUndoLog_doWhatAPythonClientSees(ServerKind kind, Encoding encoding) throws InterruptedException {
        ZeoServer server = start(kind, encoding);
        assertThat(scene.run("tools.py", "pack", server.address(), Layout.launcher())
                        .number("size"))
                .isPositive();
    }
}
