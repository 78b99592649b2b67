package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.blobs.BlobSelection;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** The options that say which blobs a tool works on. */
final class BlobSelectionOptions {
    private static final String SIZE = "--size";
    private static final String LIMIT = "--limit";

    private BlobSelectionOptions() {}

    /** @param first which ones a limit leaves */
    static void addTo(CommandSpec spec, String first) {
        spec.addOption(
                Options.value(String.class, "BYTES", "blobs of at least so many, like 2MB (default: all)", "-s", SIZE));
        SelectionOptions.addPeriod(spec);
        spec.addOption(Options.value(Integer.class, "N", "no more than so many, " + first, LIMIT));
    }

    static BlobSelection selection(ParseResult options) throws ConfigException {
        int limit = options.matchedOptionValue(LIMIT, Integer.MAX_VALUE);
        if (limit < 1) {
            throw new ConfigException(LIMIT + ": " + limit + " (expected: 1 or more)");
        }
        return new BlobSelection(
                SelectionOptions.since(options),
                SelectionOptions.until(options),
                Options.bytes(options, SIZE, 0),
                SelectionOptions.oids(options),
                limit);
    }
}
