package io.zeolite.cli;

import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.config.zconfig.ConfigException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** The options that say how hard a tool works. */
final class EffortOptions {
    private static final String PARALLEL = "--parallel";
    private static final String RATE = "--rate";
    private static final int DEFAULT_PARALLEL = 4;
    private static final int MOST_PARALLEL = 256;

    private EffortOptions() {}

    static void addTo(CommandSpec spec) {
        spec.addOption(Options.value(
                Integer.class, "N", "so many blobs at the same time (default: " + DEFAULT_PARALLEL + ")", PARALLEL));
        spec.addOption(Options.value(
                String.class, "BYTES", "so many bytes a second, on the average, like 20MB (default: no limit)", RATE));
    }

    static Effort effort(ParseResult options) throws ConfigException {
        int parallel = options.matchedOptionValue(PARALLEL, DEFAULT_PARALLEL);
        if (parallel < 1 || parallel > MOST_PARALLEL) {
            throw new ConfigException(PARALLEL + ": " + parallel + " (expected: 1 to " + MOST_PARALLEL + ")");
        }
        return new Effort(parallel, Options.bytes(options, RATE, 0));
    }
}
