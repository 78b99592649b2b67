package io.zeolite.cli;

import java.util.Arrays;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** Kinds of options that several commands have. */
final class Options {
    private static final String JSON = "--json";

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

    /** An argument that is required, so that it is there. */
    static String argument(ParseResult options, int index) {
        return options.matchedPositionalValue(index, "");
    }
}
