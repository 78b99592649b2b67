package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.file.Selection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options that say which transactions of a file are meant. */
final class SelectionOptions {
    private static final String OID = "--oid";
    private static final String SINCE = "--since";
    private static final String UNTIL = "--until";
    private static final String LIMIT = "--limit";

    private SelectionOptions() {}

    static void addTo(CommandSpec spec) {
        spec.addPositional(Options.argument(0, "PATH", "the data file (Data.fs); a server may be writing to it"));
        addOids(spec, "only transactions with this object");
        addPeriod(spec);
        spec.addOption(Options.value(Long.class, "N", "so many transactions at most", "-n", LIMIT));
    }

    static void addPeriod(CommandSpec spec) {
        spec.addOption(Options.value(String.class, "WHEN", "from this tid (in hex) or time (UTC)", SINCE));
        spec.addOption(Options.value(String.class, "WHEN", "up to this tid or time, included", UNTIL));
    }

    static void addOids(CommandSpec spec, String description) {
        spec.addOption(OptionSpec.builder(OID)
                .paramLabel("OID")
                .description(description + ", in hex like 0x1f; may be given several times")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .arity("1")
                .build());
    }

    static Selection selection(ParseResult options) throws ConfigException {
        long limit = options.matchedOptionValue(LIMIT, Long.MAX_VALUE);
        if (limit < 1) {
            throw new ConfigException(LIMIT + ": " + limit + " (expected: 1 or more)");
        }
        return new Selection(since(options), until(options), oids(options), limit);
    }

    /** The first transaction. */
    static long since(ParseResult options) throws ConfigException {
        @Nullable String since = options.matchedOptionValue(SINCE, null);
        return since == null ? Selection.ALL.since() : TransactionPoint.first(SINCE, since);
    }

    /** The last transaction. */
    static long until(ParseResult options) throws ConfigException {
        @Nullable String until = options.matchedOptionValue(UNTIL, null);
        return until == null ? Selection.ALL.until() : TransactionPoint.last(UNTIL, until);
    }

    static Set<Long> oids(ParseResult options) throws ConfigException {
        List<String> texts = options.matchedOptionValue(OID, List.of());
        Set<Long> oids = new HashSet<>();
        for (String text : texts) {
            oids.add(oid(text));
        }
        return oids;
    }

    private static long oid(String text) throws ConfigException {
        try {
            return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
        } catch (NumberFormatException e) {
            throw new ConfigException(OID + ": \"" + text + "\" (expected: an object id in hex, like 0x1f)");
        }
    }
}
