package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.blobs.BlobSelection;
import io.zeolite.tool.file.Selection;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** The options that say which blobs a tool works on. */
final class BlobSelectionOptions {
    private static final String SIZE = "--size";
    private static final String SINCE = "--since";
    private static final String UNTIL = "--until";
    private static final String LIMIT = "--limit";

    private BlobSelectionOptions() {}

    /** @param first which ones a limit leaves */
    static void addTo(CommandSpec spec, String first) {
        spec.addOption(
                Options.value(String.class, "BYTES", "blobs of at least so many, like 2MB (default: all)", "-s", SIZE));
        spec.addOption(Options.value(String.class, "WHEN", "from this tid (in hex) or time (UTC)", SINCE));
        spec.addOption(Options.value(String.class, "WHEN", "up to this tid or time, included", UNTIL));
        spec.addOption(Options.value(Integer.class, "N", "no more than so many, " + first, LIMIT));
        SelectionOptions.addOids(spec, "only blobs with this oid");
    }

    static BlobSelection selection(ParseResult options) throws ConfigException {
        @Nullable String since = options.matchedOptionValue(SINCE, null);
        @Nullable String until = options.matchedOptionValue(UNTIL, null);
        int limit = options.matchedOptionValue(LIMIT, Integer.MAX_VALUE);
        if (limit < 1) {
            throw new ConfigException(LIMIT + ": " + limit + " (expected: 1 or more)");
        }
        Set<Long> oids = SelectionOptions.oids(options);
        return new BlobSelection(
                since == null ? Selection.ALL.since() : TransactionPoint.first(SINCE, since),
                until == null ? Selection.ALL.until() : TransactionPoint.last(UNTIL, until),
                Options.bytes(options, SIZE, 0),
                oids,
                limit);
    }
}
