package io.zeolite.config;

import java.nio.file.Path;
import java.util.Map;

/**
 * What a configuration takes from outside of its text.
 *
 * @param variables the environment: {@code $(NAME)}, {@code ZEO_MSGPACK}, {@code HOME}, {@code INSTANCE_HOME}
 * @param directory relative paths start from it; the empty path leaves them relative to the working directory
 */
public record ConfigEnvironment(Map<String, String> variables, Path directory) {
    public ConfigEnvironment {
        variables = Map.copyOf(variables);
    }

    /** That of this process. */
    public static ConfigEnvironment ofProcess() {
        return new ConfigEnvironment(System.getenv(), Path.of(""));
    }

    /** A path as written, from the directory that relative paths start from. */
    Path path(String text) {
        return directory.resolve(text);
    }

    /** Like {@link #path}, with {@code ~} as the home directory. */
    Path expandedPath(String text) {
        boolean home = text.equals("~") || text.startsWith("~/");
        return path(home ? variables.getOrDefault("HOME", "~") + text.substring(1) : text);
    }
}
