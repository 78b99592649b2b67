package io.zeolite.config;

import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.zconfig.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Reads configuration texts as a file zeo.conf in a directory of their own. */
final class ConfigText {
    final Path directory;
    final Map<String, String> variables = new HashMap<>();

    ConfigText(Path directory) {
        this.directory = directory;
    }

    ServerConfig read(String text) throws IOException, ConfigException {
        return read(text, Overrides.NONE);
    }

    ServerConfig read(String text, Overrides overrides) throws IOException, ConfigException {
        Files.writeString(directory.resolve("zeo.conf"), text);
        return ServerConfig.load(Path.of("zeo.conf"), overrides, environment());
    }

    ConfigEnvironment environment() {
        return new ConfigEnvironment(variables, directory);
    }

    String error(String text) throws IOException {
        try {
            return "no error but " + read(text);
        } catch (ConfigException e) {
            return Objects.requireNonNull(e.getMessage()).replace(directory + "/", "");
        }
    }
}
