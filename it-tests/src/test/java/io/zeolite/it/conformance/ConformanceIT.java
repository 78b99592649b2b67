package io.zeolite.it.conformance;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.function.Executable;

/**
 * ZEO's own tests, each layer in both encodings. Some layers run at a time, in the order of this class; a test of the report waits for
 * its layer, so that its time in the report is not that of the layer, which is printed.
 */
final class ConformanceIT {
    /** One more than there are processors: many of ZEO's tests wait. */
    private static final int PROCESSES =
            Integer.getInteger("zeolite.it.processes", Runtime.getRuntime().availableProcessors() + 1);

    private static final Duration LAYER_TIME = Duration.ofMinutes(25);

    private static final List<String> LAYERS_WITH_RACES = List.of(
            "BlobAdaptedFileStorageTests", "BlobWritableCacheTests", "FileStorageSSLTests", "MappingStorageTests");
    private static final String RACES_EACH = "50";
    private static final Duration RACES_TIME = Duration.ofHours(1);

    private final ExecutorService processes = Executors.newFixedThreadPool(PROCESSES);

    @AfterEach
    void endProcesses() {
        processes.shutdownNow();
    }

    @TestFactory
    Stream<DynamicTest> layers() throws InterruptedException, IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (SuiteLayer layer : SuiteLayer.wanted()) {
            for (Encoding encoding : Encoding.values()) {
                tests.add(test(layer, encoding, "layers", LAYER_TIME));
            }
        }
        return tests.stream();
    }

    /** What the tests call races, those of level 2 with them, until one would have shown that loses one time in many. */
    @TestFactory
    @EnabledIfSystemProperty(named = "zeolite.it.scale", matches = "[2-9]|\\d\\d+", disabledReason = "It takes an hour")
    Stream<DynamicTest> races() throws InterruptedException, IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (SuiteLayer layer : SuiteLayer.wanted()) {
            if (LAYERS_WITH_RACES.contains(layer.name())) {
                for (Encoding encoding : Encoding.values()) {
                    tests.add(test(
                            layer, encoding, "races", RACES_TIME, "-a", "2", "-t", "race", "--repeat", RACES_EACH));
                }
            }
        }
        return tests.stream();
    }

    private DynamicTest test(SuiteLayer layer, Encoding encoding, String group, Duration deadline, String... options) {
        Path directory = Layout.output("conformance")
                .resolve(group)
                .resolve(layer.name().replace(' ', '-') + "-" + encoding.name().toLowerCase(Locale.ROOT));
        return DynamicTest.dynamicTest(layer.name() + ", " + encoding, inBackground(() -> {
            layer.run(directory, encoding, deadline, options);
            return null;
        }));
    }

    /** Starts it as soon as a process is free, whatever the order in which the report asks for results. */
    private Executable inBackground(Callable<Void> run) {
        Future<Void> outcome = processes.submit(run);
        return () -> {
            try {
                outcome.get();
            } catch (ExecutionException e) {
                throw e.getCause();
            }
        };
    }
}
