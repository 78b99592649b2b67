package io.zeolite.config;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.logging.LogConfig;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a server has to know before it starts. Immutable.
 *
 * @param storages what is served, at least one, in the order of the text; the names are unique
 * @param notices what the operator should be told about this configuration, a line each
 * @param warnings the same, of what is not as the configuration asks for and should be brought about in another way
 */
public record ServerConfig(
        ZeoConfig zeo, List<NamedStorage> storages, LogConfig log, List<String> notices, List<String> warnings) {
    public ServerConfig {
        storages = List.copyOf(storages);
        notices = List.copyOf(notices);
        warnings = List.copyOf(warnings);
    }

    /** A storage with the name that clients ask for it by; {@code 1} unless the configuration gives another. */
    public record NamedStorage(String name, StorageConfig storage) {}

    /**
     * What the command line says, each as it was typed. It goes before what the file says; {@code filenames} go before
     * all of its storages.
     *
     * @param filenames paths of file storages, which are served as 1, 2, ...
     */
    public record Overrides(
            @Nullable String address,
            List<String> filenames,
            @Nullable String transactionTimeout,
            @Nullable String pidFile) {
        /** Nothing but the file. */
        public static final Overrides NONE = new Overrides(null, List.of(), null, null);

        public Overrides {
            filenames = List.copyOf(filenames);
        }
    }

    /** The address of a server that was not told any. */
    public static final String DEFAULT_ADDRESS = "127.0.0.1:8100";

    /** The directory of the storage of a server that was not told any: {@code Data.fs} and {@code blobs} in it. */
    public static final String DEFAULT_DIRECTORY = "var";

    /**
     * Reads a configuration file.
     *
     * @throws ConfigException if it cannot be read or used; the message says where and why
     */
    public static ServerConfig load(Path file, Overrides overrides, ConfigEnvironment environment)
            throws ConfigException {
        return new ConfigReader(environment).load(environment.directory().resolve(file), overrides);
    }

    /** The configuration without a file: the defaults above and what the command line says. */
    public static ServerConfig withoutFile(Overrides overrides, ConfigEnvironment environment) throws ConfigException {
        return new ConfigReader(environment).withoutFile(overrides);
    }
}
