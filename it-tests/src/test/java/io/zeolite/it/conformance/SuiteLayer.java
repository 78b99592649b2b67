package io.zeolite.it.conformance;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonResult;
import io.zeolite.it.PythonScript;
import io.zeolite.it.ServerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A layer of ZEO's tests, which is what its authors call a group of them. {@code conformance/run.py} runs it in a process of its own,
 * and judges the results by {@code conformance/exceptions.txt}.
 *
 * @param name as {@code run.py --list} prints it
 * @param tests how many it has
 */
record SuiteLayer(String name, int tests) {
    private static final String SCRIPT = "conformance/run.py";
    private static final Pattern WANTED = Pattern.compile(System.getProperty("zeolite.it.layers", ""));
    private static final Duration LIST_TIME = Duration.ofMinutes(5);

    /** It has fewer tests than others, but half of them are stress tests of 10 s each, whatever the server. */
    private static final String LONGEST = "FileStorageConnectionTests";

    private static final Comparator<SuiteLayer> LONG_ONES_FIRST = Comparator.comparing(
                    (SuiteLayer layer) -> !layer.name.equals(LONGEST))
            .thenComparing(SuiteLayer::tests, Comparator.reverseOrder());

    /** Those that are wanted, the long ones first, so that processes which share them end at about the same time. */
    static List<SuiteLayer> wanted() throws InterruptedException, IOException {
        Path directory = Files.createDirectories(Layout.output("conformance"));
        PythonScript script =
                PythonScript.start(directory, "layers", SCRIPT, List.of("--list", "--directory", directory.toString()));
        script.finish(LIST_TIME);
        return script.lines().stream()
                .filter(line -> !line.startsWith("{"))
                .map(line -> line.split(" ", 2))
                .map(words -> new SuiteLayer(words[1], Integer.parseInt(words[0])))
                .filter(layer -> WANTED.matcher(layer.name).find())
                .sorted(LONG_ONES_FIRST)
                .toList();
    }

    /**
     * Runs the layer, or what the options choose of it, to its end; fails when a test does not do what is expected of it. What the tests
     * and their servers printed stays in the directory.
     *
     * @param options of zope.testrunner
     */
    void run(Path directory, Encoding encoding, Duration deadline, String... options)
            throws InterruptedException, IOException {
        Files.createDirectories(directory);
        List<String> arguments = new ArrayList<>(List.of("--only", name, "--directory", directory.toString()));
        arguments.add("--server=" + String.join(" ", ServerKind.underTest().command()));
        if (ServerKind.underTest() == ServerKind.PYTHON) {
            arguments.add("--as-zeo");
        }
        if (encoding == Encoding.MSGPACK) {
            arguments.add("--msgpack");
        }
        arguments.addAll(List.of(options));
        PythonScript script = PythonScript.start(directory, "tests", SCRIPT, arguments);
        try {
            report(encoding, script.finish(deadline));
        } catch (AssertionError failure) {
            System.err.println(script.story());
            throw failure;
        } finally {
            script.kill();
        }
    }

    private void report(Encoding encoding, PythonResult result) {
        System.out.printf(
                "%s, %s: %d passed, %d failed as expected, %d skipped, %.1f s%n",
                name,
                encoding,
                result.number("passed"),
                result.number("failed_as_expected"),
                result.number("skipped"),
                result.number("milliseconds") / 1000.0);
    }
}
