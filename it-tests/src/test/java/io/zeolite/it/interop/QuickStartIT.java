package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.PythonResult;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class QuickStartIT {
    private static final Duration LONG = Duration.ofMinutes(9);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void manyObjects_pickle_areReadByAnotherClientAndByPython() throws InterruptedException {
        writeReadAndExamine(scene.server(Encoding.PICKLE), 100_000);
    }

    @Test
    void manyObjects_msgpack_areReadByAnotherClientAndByPythonAndAfterARestart() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.MSGPACK);
        String tid = writeReadAndExamine(server, 10_000);
        server.start();
        scene.run("quick_start.py", "read", server.address(), 10_000, tid);
        server.stop();
    }

    private String writeReadAndExamine(ZeoServer server, int count) throws InterruptedException {
        server.start();
        String tid = scene.start("quick_start.py", "write", server.address(), count)
                .finish(LONG)
                .text("tid");
        scene.start("quick_start.py", "read", server.address(), count, tid).finish(LONG);
        server.stop();
        PythonResult examined = scene.run(
                "files.py", "examine", server.dataFile(), server.directory().resolve("blobs"));
        assertThat(examined.number("objects")).isGreaterThan(count);
        return tid;
    }
}
