package io.zeolite.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * What one test works with: an empty directory, and the servers and scripts that it starts there. They end with the test. When it
 * fails, what they said is printed and the directory stays; else it is removed.
 */
public final class Scene implements BeforeEachCallback, AfterEachCallback, TestExecutionExceptionHandler {
    private static final Duration SCRIPT_TIME = Duration.ofMinutes(5);

    private final List<ZeoServer> servers = new ArrayList<>();
    private final List<PythonScript> scripts = new ArrayList<>();
    private Path directory = Layout.TARGET;

    /** A server that is not started yet; the second one of a test has another directory than the first. */
    public ZeoServer server(Encoding encoding) {
        return server(directory.resolve("server" + (servers.isEmpty() ? "" : servers.size() + 1)), encoding);
    }

    /** A server in a directory of the test's choice. */
    public ZeoServer server(Path home, Encoding encoding) {
        ZeoServer server = new ZeoServer(home, encoding);
        servers.add(server);
        return server;
    }

    /** Starts a script. */
    public PythonScript start(String script, Object... arguments) {
        String label = script.replace(".py", "") + "-" + (scripts.size() + 1);
        List<String> texts = new ArrayList<>();
        for (Object argument : arguments) {
            texts.add(argument.toString());
        }
        PythonScript started = PythonScript.start(directory, label, script, texts);
        scripts.add(started);
        return started;
    }

    /** Runs a script to its end, which must be a good one. */
    public PythonResult run(String script, Object... arguments) throws InterruptedException {
        return start(script, arguments).finish(SCRIPT_TIME);
    }

    public Path directory() {
        return directory;
    }

    /** Ends all servers of the test at once, where what they have open is in the way. */
    public void killServers() {
        servers.stream().filter(ZeoServer::isAlive).forEach(ZeoServer::kill);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        PythonEnvironment.CLIENTS.interpreter();
        String name = context.getRequiredTestMethod().getName();
        Path home = Layout.TARGET
                .resolve("it")
                .resolve(context.getRequiredTestClass().getSimpleName());
        try {
            directory = Files.createTempDirectory(Files.createDirectories(home), name + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        if (!(failure instanceof TestAbortedException)) {
            System.err.println("\n##### " + context.getUniqueId() + "\n##### kept: " + directory);
            servers.forEach(server -> System.err.print(server.story()));
            scripts.forEach(script -> System.err.print(script.story()));
        }
        throw failure;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        scripts.forEach(PythonScript::kill);
        killServers();
        servers.clear();
        scripts.clear();
        if (context.getExecutionException().isEmpty()) {
            delete(directory);
        }
    }

    private static void delete(Path root) {
        try (var files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
