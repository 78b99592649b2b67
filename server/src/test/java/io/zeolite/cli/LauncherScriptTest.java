package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code bin/zeolite} with a java and a mvn that only say how they were called. */
class LauncherScriptTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test, as are the next two.
    private Path server;

    @SuppressWarnings("NullAway.Init")
    private Path launcher;

    @SuppressWarnings("NullAway.Init")
    private Path tools;

    /** What a process printed, and its status. */
    private record Result(int status, String out, String err) {}

    @BeforeEach
    void setUp() throws IOException {
        server = Files.createDirectories(directory.resolve("a clone/server"));
        launcher = Files.createDirectory(server.resolve("bin")).resolve("zeolite");
        Files.copy(Path.of("bin/zeolite"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
        tools = Files.createDirectory(directory.resolve("tools"));
        script(tools.resolve("mvn"), """
                echo "mvn in $PWD:" "$@"
                echo mvn >> runs
                [ -z "$MVN_FAILS" ] || { echo "compile error"; exit 1; }
                mkdir -p server/target/zeolite && touch server/target/zeolite/ready
                """);
        jdk("jdk", "17.0.2");
    }

    @Test
    void start_built_runsJavaWithTheArgumentsAsTheyAre() throws Exception {
        built();
        Result result = start(Map.of(), "serve", "-C", "a b.conf", "", "$x");

        assertThat(result.status()).isZero();
        assertThat(result.out().lines())
                .containsSequence("<-jar>", "<" + server + "/target/zeolite/lib/zeolite-server.jar>")
                .endsWith("<serve>", "<-C>", "<a b.conf>", "<>", "<$x>");
        assertThat(result.out()).doesNotContain("SharedArchiveFile", "mvn");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void start_collector_dependsOnTheProcessors() throws Exception {
        built();
        script(tools.resolve("nproc"), "echo $PROCESSORS");

        assertThat(start(Map.of("PROCESSORS", "4")).out())
                .contains("<-XX:+UseSerialGC>\n<-XX:NewSize=32m>\n<-XX:MaxNewSize=32m>\n")
                .doesNotContain("UseG1GC");
        assertThat(start(Map.of("PROCESSORS", "5")).out())
                .contains("<-XX:+UseG1GC>\n")
                .doesNotContain("UseSerialGC", "NewSize");
    }

    /** Its status, 3, means that something was lost when {@code recover} ends with it. */
    @Test
    void start_endAtOnceWithoutMemory_isForTheServerOnly() throws Exception {
        built();

        assertThat(start(Map.of(), "serve").out()).contains("<-XX:+ExitOnOutOfMemoryError>\n");
        assertThat(start(Map.of(), "recover", "a", "b").out()).doesNotContain("OutOfMemory");
        assertThat(start(Map.of()).out()).doesNotContain("OutOfMemory");
    }

    @Test
    void start_throughSymlinksFromElsewhere_findsItself() throws Exception {
        built();
        Path elsewhere = Files.createDirectories(directory.resolve("else where"));
        Files.createSymbolicLink(elsewhere.resolve("one"), Path.of("../a clone/server/bin/zeolite"));
        Files.createSymbolicLink(elsewhere.resolve("two"), elsewhere.resolve("one"));
        launcher = elsewhere.resolve("two");

        assertThat(start(Map.of()).out()).contains("<" + server + "/target/zeolite/lib/zeolite-server.jar>");
    }

    @Test
    void start_archive_isTakenIfThere() throws Exception {
        built();
        Files.createFile(server.resolve("target/zeolite/classes.jsa"));

        assertThat(start(Map.of()).out())
                .contains("<-XX:SharedArchiveFile=" + server + "/target/zeolite/classes.jsa>\n");
    }

    @Test
    void start_optionsOfTheUser_comeAfterThoseOfTheLauncher() throws Exception {
        built();
        Result result = start(Map.of("ZEOLITE_JAVA_OPTS", "-Xmx1g -XX:+UseParallelGC"));

        assertThat(result.out()).containsSubsequence("<-Xms64m>", "<-Xmx1g>\n<-XX:+UseParallelGC>\n<-jar>");
        assertThat(result.out()).doesNotContain("UseG1GC", "UseSerialGC", "NewSize");
    }

    @Test
    void start_javaHome_isHonoured() throws Exception {
        built();
        Path other = jdk("other jdk", "25");

        assertThat(start(Map.of("JAVA_HOME", other.toString())).out()).startsWith(other + "/bin/java\n");
        assertThat(start(Map.of("JAVA_HOME", tools.toString())).err())
                .isEqualTo(
                        "zeolite: JAVA_HOME is " + tools + ", which has no bin/java (expected a JDK, 17 or newer)\n");
    }

    @ParameterizedTest
    @CsvSource({"1.8.0_402", "11.0.22", "16"})
    void start_oldJava_isRefusedInALine(String version) throws Exception {
        built();
        Path old = jdk("old", version);
        Result result = start(Map.of("JAVA_HOME", old.toString()));

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("zeolite: " + old + "/bin/java is version " + version
                        + " (expected 17 or newer: set JAVA_HOME)\n");
        assertThat(result.out()).isEmpty();
    }

    @Test
    void start_javaWithoutReleaseFile_isAsked() throws Exception {
        built();
        Path old = jdk("old", "1.8.0_402");
        Files.delete(old.resolve("release"));

        assertThat(start(Map.of("JAVA_HOME", old.toString())).err()).contains("is version 1.8.0_402 (expected 17");
    }

    @Test
    void start_localeC_becomesOneWithUnicode() throws Exception {
        built();

        assertThat(start(Map.of()).out()).contains("LC_ALL=C.UTF-8\n");
        assertThat(start(Map.of("LANG", "de_DE.UTF-8")).out()).contains("LC_ALL=\n");
    }

    @Test
    void start_freshClone_buildsOnce() throws Exception {
        Result result = start(Map.of(), "serve");

        assertThat(result.status()).isZero();
        assertThat(result.out()).doesNotContain("mvn");
        assertThat(result.err())
                .isEqualTo("zeolite: not built yet, running mvn package (once)\nmvn in " + directory
                        + "/a clone: -q -B -Dstyle.color=never -Dmaven.test.skip=true -Dspotless.check.skip=true"
                        + " -pl server -am package\n");
        assertThat(start(Map.of(), "serve").err()).isEmpty();
    }

    @Test
    void start_buildFails_showsWhyAndFails() throws Exception {
        Result result = start(Map.of("MVN_FAILS", "1"), "serve");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).endsWith("compile error\nzeolite: the build failed\n");
        assertThat(result.out()).isEmpty();
    }

    @Test
    void start_twoAtOnceOnAFreshClone_buildOnce() throws Exception {
        List<Process> starts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            starts.add(process(Map.of(), "serve"));
        }
        for (Process start : starts) {
            assertThat(result(start).status()).isZero();
        }

        assertThat(directory.resolve("a clone/runs")).hasContent("mvn");
    }

    private void built() throws IOException {
        Files.createFile(
                Files.createDirectories(server.resolve("target/zeolite")).resolve("ready"));
    }

    /** A JDK whose java prints its path, its locale and its arguments. */
    private Path jdk(String name, String version) throws IOException {
        Path home = Files.createDirectories(directory.resolve(name));
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(
                home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"y\"\n");
        script(home.resolve("bin/java"), """
                [ "$1" != -version ] || { echo 'openjdk version "VERSION" 2020' >&2; exit; }
                echo "$0"
                echo "LC_ALL=$LC_ALL"
                printf '<%s>\\n' "$@"
                """.replace("VERSION", version));
        return home;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Result start(Map<String, String> environment, String... arguments) throws Exception {
        return result(process(environment, arguments));
    }

    private Process process(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", tools + ":" + directory.resolve("jdk/bin") + ":/usr/bin:/bin");
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** The outputs are a few lines, so neither can fill its pipe while the other is read. */
    private static Result result(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), out, err);
    }
}
