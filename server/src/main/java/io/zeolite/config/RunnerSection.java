package io.zeolite.config;

import io.zeolite.config.zconfig.KeyValue;
import io.zeolite.config.zconfig.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;

/** The keys of {@code <runner>} that say what zdaemon does to the process, which is not done here. */
final class RunnerSection {
    private RunnerSection() {}

    /**
     * Reads the section.
     *
     * @param hasRelativePaths whether the configuration depends on the working directory
     * @param notices gets a line if that the section is ignored changes nothing
     * @param warnings gets one instead if the process is not known to be as the section wants it
     */
    static void read(
            Section runner,
            ConfigEnvironment environment,
            boolean hasRelativePaths,
            List<String> notices,
            List<String> warnings) {
        List<String> keys = new ArrayList<>();
        List<String> instead = new ArrayList<>();
        for (KeyValue line : runner.keys()) {
            String directive = directive(line, environment, hasRelativePaths);
            if (!directive.isEmpty()) {
                keys.add(line.key());
                instead.add(directive);
            }
        }
        if (keys.isEmpty()) {
            notices.add(runner.position() + ": <runner> is ignored: it is for zdaemon, which is not needed here");
        } else {
            warnings.add(runner.position() + ": " + String.join(", ", keys) + " in <runner> without effect: set "
                    + String.join(", ", instead)
                    + " in the unit of systemd, or the like in what starts this server");
        }
    }

    /** What says the same to systemd; empty if nothing need be said. */
    private static String directive(KeyValue line, ConfigEnvironment environment, boolean hasRelativePaths) {
        return switch (line.key()) {
            case "user" -> line.value().equals(System.getProperty("user.name")) ? "" : "User=";
            case "umask" -> "UMask=";
            // plone.recipe.zeoserver writes one always, and no relative path.
            case "directory" ->
                !hasRelativePaths || isWorkingDirectory(line.value(), environment) ? "" : "WorkingDirectory=";
            default -> "";
        };
    }

    private static boolean isWorkingDirectory(String path, ConfigEnvironment environment) {
        try {
            return Files.isSameFile(environment.expandedPath(path), environment.directory());
        } catch (IOException | InvalidPathException e) {
            return false;
        }
    }
}
