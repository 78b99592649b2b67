package io.zeolite.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a configuration takes from outside of its text.
 *
 * @param variables the environment: {@code $(NAME)}, {@code ZEO_MSGPACK}, {@code HOME}, {@code INSTANCE_HOME}
 * @param directory relative paths start from it; the empty path leaves them relative to the working directory
 * @param relativePaths is given each of them that is read
 */
public record ConfigEnvironment(Map<String, String> variables, Path directory, Consumer<String> relativePaths) {
    public ConfigEnvironment {
        variables = Map.copyOf(variables);
    }

    public ConfigEnvironment(Map<String, String> variables, Path directory) {
        this(variables, directory, text -> {});
    }

    /** That of this process. */
    public static ConfigEnvironment ofProcess() {
        return new ConfigEnvironment(System.getenv(), Path.of(""));
    }

    /** A path as written, from the directory that relative paths start from. */
    Path path(String text) {
        noteIfRelative(text);
        return directory.resolve(text);
    }

    /** For a path that is kept as it is written. */
    void noteIfRelative(String text) {
        if (!text.startsWith("/")) {
            relativePaths.accept(text);
        }
    }

    /** Like {@link #path}, with {@code ~} as the home directory. */
    Path expandedPath(String text) {
        boolean home = text.equals("~") || text.startsWith("~/");
        return path(home ? variables.getOrDefault("HOME", "~") + text.substring(1) : text);
    }
}
