package io.zeolite.cli;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The options of {@code zeolite serve}, those of runzeo and {@code --address-file}. What is null was not given.
 *
 * @param configure the configuration file
 * @param filenames of data files; may be empty
 */
record ServeOptions(
        @Nullable String configure,
        @Nullable String address,
        List<String> filenames,
        @Nullable String timeout,
        @Nullable String pidFile,
        @Nullable String addressFile) {
    private static final String CONFIGURE = "--configure";
    private static final String CONFIGURE_LETTER = "-C";
    private static final String ADDRESS = "--address";
    private static final String FILENAME = "--filename";
    private static final String TIMEOUT = "--timeout";
    private static final String PID_FILE = "--pid-file";
    private static final String ADDRESS_FILE = "--address-file";
    private static final Set<String> USUAL = Set.of(CONFIGURE_LETTER, CONFIGURE, PID_FILE, ADDRESS_FILE);

    static void addTo(CommandSpec spec) {
        spec.addOption(option(CONFIGURE_LETTER, CONFIGURE, "FILE", "configuration file (zeo.conf)"));
        spec.addOption(option("-a", ADDRESS, "ADDRESS", "PORT, HOST:PORT, or the path of a Unix socket (with a /)"));
        spec.addOption(OptionSpec.builder("-f", FILENAME)
                .paramLabel("FILE")
                .description("data file of a file storage; the first is storage 1, a second one 2, ...")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .arity("1")
                .build());
        spec.addOption(option("-t", TIMEOUT, "SECONDS", "how long a transaction may hold locks; 0 for no limit"));
        spec.addOption(option(null, PID_FILE, "FILE", "write the process id here"));
        spec.addOption(option(null, ADDRESS_FILE, "FILE", "write the address here, as JSON, once clients can connect"));
    }

    private static OptionSpec option(@Nullable String letter, String name, String label, String description) {
        OptionSpec.Builder builder = letter == null ? OptionSpec.builder(name) : OptionSpec.builder(letter, name);
        return builder.paramLabel(label)
                .description(description)
                .type(String.class)
                .build();
    }

    static ServeOptions of(ParseResult parsed) {
        return new ServeOptions(
                parsed.matchedOptionValue(CONFIGURE, null),
                parsed.matchedOptionValue(ADDRESS, null),
                parsed.matchedOptionValue(FILENAME, List.of()),
                parsed.matchedOptionValue(TIMEOUT, null),
                parsed.matchedOptionValue(PID_FILE, null),
                parsed.matchedOptionValue(ADDRESS_FILE, null));
    }

    /**
     * Reads the command line of nearly every service, names of options each followed by a value, without a parser: loading one
     * takes an eighth of a start.
     *
     * @param afterCommand what follows the name of the command
     * @return null for any other command line
     */
    static @Nullable ServeOptions ofUsual(List<String> afterCommand) {
        Map<String, String> values = new HashMap<>();
        Iterator<String> words = afterCommand.iterator();
        while (words.hasNext()) {
            String name = words.next();
            if (!USUAL.contains(name) || !words.hasNext()) {
                return null;
            }
            String value = words.next();
            if (value.startsWith("-") || values.put(name.equals(CONFIGURE_LETTER) ? CONFIGURE : name, value) != null) {
                return null;
            }
        }
        return new ServeOptions(
                values.get(CONFIGURE), null, List.of(), null, values.get(PID_FILE), values.get(ADDRESS_FILE));
    }
}
