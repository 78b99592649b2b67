package io.zeolite.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a tool writes, to be looked at. */
public final class ToolOutput {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** A console that nobody watches. */
    public Console console() {
        return console(false);
    }

    public Console console(boolean terminal) {
        return new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal);
    }

    public String text() {
        return out.toString(StandardCharsets.UTF_8);
    }

    public String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    public List<String> lines() {
        return text().lines().toList();
    }

    /** The JSON object that was written. */
    public Map<?, ?> json() throws IOException {
        Object value = Json.read(text());
        assertThat(value).isInstanceOf(Map.class);
        return (Map<?, ?>) Objects.requireNonNull(value);
    }

    /** The elements of a list in a JSON object, which are objects. */
    public static List<Map<?, ?>> objects(Map<?, ?> json, String key) {
        Object value = json.get(key);
        assertThat(value).isInstanceOf(List.class);
        return ((List<?>) Objects.requireNonNull(value))
                .stream().<Map<?, ?>>map(element -> (Map<?, ?>) element).toList();
    }
}
