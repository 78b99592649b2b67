package io.zeolite.it.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tools on files that Python has made, beside Python's own tools. */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "It is about Zeolite's command line")
final class FileToolsIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void dumpLogAndCheck_ofUndoneDeletedAndBlobs_sayWhatPythonSays() throws InterruptedException {
        assertThat(scene.run("tools.py", "facts", scene.directory(), Layout.launcher())
                        .number("records"))
                .isGreaterThan(500);
    }

    @Test
    void check_danglingReferences_areThoseOfFsrefs() throws InterruptedException {
        scene.run("tools.py", "references", scene.directory(), Layout.launcher());
    }

    @Test
    void recover_manyKindsOfDamage_savesAtLeastWhatFsrecoverSaves() throws InterruptedException {
        assertThat(scene.run("tools.py", "damage", scene.directory(), Layout.launcher())
                        .number("kinds"))
                .isGreaterThanOrEqualTo(8);
    }

    @Test
    void check_whileAServerCommits_findsNothing() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        assertThat(scene.run("tools.py", "live", server.address(), server.dataFile(), Layout.launcher())
                        .number("commits"))
                .isPositive();
    }
}
