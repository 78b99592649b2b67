package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The example for containers, and the keys that the configuration of the image plone/plone-zeo has. */
final class ContainerIT {
    private static final Pattern VARIABLE = Pattern.compile("(ZEO_\\w+)=(\\S+)");
    private static final Pattern USE = Pattern.compile("\\$\\((\\w+)\\)");

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void example_withTheVariablesOfTheImage_serves() throws IOException, InterruptedException {
        String conf = Files.readString(Layout.documentation().resolve("container/zeo.conf"));
        Map<String, String> variables = variables();
        assertThat(USE.matcher(conf).results().map(use -> use.group(1)))
                .as("variables that zeo.conf uses")
                .containsExactlyInAnyOrderElementsOf(variables.keySet());
        serve(conf.replace("%define DATA /data", "%define DATA data"), variables);
    }

    @Test
    void imagesOwnKeys_areTaken() throws IOException, InterruptedException {
        serve("""
                %define INSTANCE .
                %define DATA_DIR data
                <zeo>
                  address 0.0.0.0:$(ZEO_PORT)
                  read-only $(ZEO_READ_ONLY)
                  invalidation-queue-size $(ZEO_INVALIDATION_QUEUE_SIZE)
                  pid-filename $INSTANCE/zeo.pid
                </zeo>
                <filestorage 1>
                  path $DATA_DIR/filestorage/Data.fs
                  blob-dir $DATA_DIR/blobstorage
                  pack-keep-old $(ZEO_PACK_KEEP_OLD)
                </filestorage>
                <eventlog>
                  level info
                  <logfile>
                    path $DATA_DIR/zeo.log
                    format %(asctime)s %(message)s
                  </logfile>
                </eventlog>
                <runner>
                  program $INSTANCE/bin/runzeo
                  socket-name $INSTANCE/var/zeo.zdsock
                  daemon true
                  exit-codes 0, 2
                </runner>
                """, variables());
    }

    private void serve(String conf, Map<String, String> variables) throws IOException, InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).configuration(conf);
        variables.forEach(server::environment);
        server.environment("ZEO_PORT", "0");
        Path data = server.directory().resolve("data");
        Files.createDirectories(data.resolve("filestorage"));
        server.start();
        scene.run("blobs.py", "sizes", server.address(), data.resolve("blobstorage"), "own");
        server.stop();
        assertThat(data.resolve("filestorage/Data.fs")).isNotEmptyFile();

        server.environment("ZEO_READ_ONLY", "true").start();
        scene.run("noise.py", "read_only", server.address());
        server.stop();
    }

    /** As the image of the example sets them. */
    private static Map<String, String> variables() throws IOException {
        Matcher setting =
                VARIABLE.matcher(Files.readString(Layout.documentation().resolve("container/Dockerfile")));
        Map<String, String> variables = new LinkedHashMap<>();
        while (setting.find()) {
            variables.put(setting.group(1), setting.group(2));
        }
        return variables;
    }
}
