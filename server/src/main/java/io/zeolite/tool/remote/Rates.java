package io.zeolite.tool.remote;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.tool.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How fast the counters of a server rise, from what a file remembers of the time before. */
final class Rates {
    static final List<String> COUNTERS =
            List.of("aborts", "commits", "conflicts", "conflicts_resolved", "loads", "stores");

    private final Path file;
    private final Duration unit;

    Rates(Path file, Duration unit) {
        this.file = file;
        this.unit = unit;
    }

    /**
     * The rates of each storage since the file was written, which is then written anew.
     *
     * @return nothing for a storage that was not there, or if there was no file that has counters
     */
    Map<String, Map<String, Double>> since(Map<String, Map<?, ?>> storages, Instant now) throws IOException {
        Map<String, Map<String, Double>> rates = new LinkedHashMap<>();
        if (Files.exists(file)) {
            double units = Duration.between(Files.getLastModifiedTime(file).toInstant(), now)
                            .toMillis()
                    / (double) unit.toMillis();
            if (read() instanceof Map<?, ?> before && units > 0) {
                storages.forEach((name, status) -> {
                    if (before.get(name) instanceof Map<?, ?> old) {
                        rates.put(name, rates(old, status, units));
                    }
                });
            }
        }
        write(storages);
        return rates;
    }

    private @Nullable Object read() throws IOException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        try {
            return Json.read(text);
        } catch (IOException e) {
            // As a crash of the machine leaves it, or who made an empty one: it is begun anew.
            return null;
        }
    }

    private static Map<String, Double> rates(Map<?, ?> old, Map<?, ?> status, double units) {
        Map<String, Double> rates = new LinkedHashMap<>();
        for (String counter : COUNTERS) {
            if (old.get(counter) instanceof Number from && status.get(counter) instanceof Number to) {
                // A server that was started again counts from zero.
                rates.put(counter, Math.max(0, to.doubleValue() - from.doubleValue()) / units);
            }
        }
        return rates;
    }

    private void write(Map<String, Map<?, ?>> storages) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = Json.document(new PrintStream(bytes, false, StandardCharsets.UTF_8))) {
            Json.write(json, storages);
        }
        // By a name of its own, as two monitors may share the file.
        Path written = file.resolveSibling(
                file.getFileName() + "." + ProcessHandle.current().pid() + ".new");
        try {
            Files.write(written, bytes.toByteArray());
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
