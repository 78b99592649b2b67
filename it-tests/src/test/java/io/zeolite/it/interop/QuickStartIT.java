package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.PythonResult;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class QuickStartIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void manyObjects_pickle_areReadByAnotherClientAndByPython() throws InterruptedException {
        manyObjects(Encoding.PICKLE, 100_000);
    }

    @Test
    void manyObjects_msgpack_areReadByAnotherClientAndByPython() throws InterruptedException {
        manyObjects(Encoding.MSGPACK, 10_000);
    }

    private void manyObjects(Encoding encoding, int count) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        PythonResult written = scene.run("quick_start.py", "write", server.address(), count);
        scene.run("quick_start.py", "read", server.address(), count, written.text("tid"));
        server.stop();
        PythonResult examined = scene.run(
                "files.py", "examine", server.dataFile(), server.directory().resolve("blobs"));
        assertThat(examined.number("objects")).isGreaterThan(count);

        server.start();
        scene.run("quick_start.py", "read", server.address(), count, written.text("tid"));
        server.stop();
    }
}
