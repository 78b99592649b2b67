package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** Kinds of options that several commands have. */
final class Options {
    private static final String JSON = "--json";
    private static final Pattern BYTES = Pattern.compile("([0-9]{1,12})((?:[KMGT]B?)?)");

    private Options() {}

    static OptionSpec flag(String description, String... names) {
        return builder(names)
                .description(description)
                .type(boolean.class)
                .arity("0")
                .build();
    }

    static OptionSpec value(Class<?> type, String label, String description, String... names) {
        return builder(names)
                .paramLabel(label)
                .description(description)
                .type(type)
                .build();
    }

    private static OptionSpec.Builder builder(String... names) {
        return OptionSpec.builder(names[0], Arrays.copyOfRange(names, 1, names.length));
    }

    static PositionalParamSpec argument(int index, String label, String description) {
        return PositionalParamSpec.builder()
                .index(Integer.toString(index))
                .paramLabel(label)
                .description(description)
                .type(String.class)
                .arity("1")
                .required(true)
                .build();
    }

    static void addJson(CommandSpec spec) {
        spec.addOption(flag("write JSON, for scripts", JSON));
    }

    static boolean json(ParseResult options) {
        return isSet(options, JSON);
    }

    static boolean isSet(ParseResult options, String name) {
        return options.matchedOptionValue(name, false);
    }

    /**
     * A number of bytes, which may be in units of 1024: 100KB, 2MB, 1GB.
     *
     * @throws ConfigException if it is none
     */
    static long bytes(ParseResult options, String name, long otherwise) throws ConfigException {
        @Nullable String text = options.matchedOptionValue(name, null);
        if (text == null) {
            return otherwise;
        }
        Matcher matcher = BYTES.matcher(text.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new ConfigException(name + ": \"" + text + "\" (expected: bytes, like 2000000 or 2MB)");
        }
        int unit = 1
                + "KMGT"
                        .indexOf(
                                matcher.group(2).isEmpty()
                                        ? ' '
                                        : matcher.group(2).charAt(0));
        return Long.parseLong(matcher.group(1)) << (10 * unit);
    }

    /** An argument that is required, so that it is there. */
    static String argument(ParseResult options, int index) {
        return options.matchedPositionalValue(index, "");
    }
}
