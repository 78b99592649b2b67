package io.zeolite.cli;

import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Archive;
import io.zeolite.tool.blobs.Site;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite archive-blobs}. */
record ArchiveBlobsCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String AGE = "--age";
    private static final String SIZE = "--size";
    private static final String SINCE = "--since";
    private static final String UNTIL = "--until";
    private static final String LIMIT = "--limit";
    private static final String DESTROY = "--destroy";
    private static final String BACKUP = "--backup";
    private static final String DRY_RUN = "--dry-run";
    private static final double DEFAULT_AGE_DAYS = 1;
    private static final double MOST_DAYS = 100 * 366;
    private static final long SECONDS_PER_DAY = Duration.ofDays(1).toSeconds();

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addTo(spec);
        spec.addOption(Options.value(Double.class, "DAYS", "blobs that are older (default: 1)", "-a", AGE));
        spec.addOption(
                Options.value(String.class, "BYTES", "blobs of at least so many, like 2MB (default: all)", "-s", SIZE));
        spec.addOption(Options.value(String.class, "WHEN", "from this tid (in hex) or time (UTC)", SINCE));
        spec.addOption(Options.value(String.class, "WHEN", "up to this tid or time, included", UNTIL));
        spec.addOption(Options.value(Integer.class, "N", "no more than so many, the largest", LIMIT));
        spec.addOption(Options.flag("remove the local file once its copy is proven", "-d", DESTROY));
        spec.addOption(Options.flag("rename the local file to end in .bak instead", "-b", BACKUP));
        spec.addOption(Options.flag("say what would be copied, and do nothing", DRY_RUN));
        EffortOptions.addTo(spec);
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "A server may run meanwhile. It can be interrupted at any time and run again."
                                + " Exit status: 0 all is proven to be there, 1 some is not.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        Archive.Options asked = new Archive.Options(
                selection(options),
                afterwards(options),
                EffortOptions.effort(options),
                Options.isSet(options, DRY_RUN),
                Options.json(options));
        try (Site site = SiteOptions.site(options, environment)) {
            return new Archive(site, asked, console).run();
        }
    }

    private static Selection selection(ParseResult options) throws ConfigException {
        double days = options.matchedOptionValue(AGE, DEFAULT_AGE_DAYS);
        if (!(days >= 0 && days <= MOST_DAYS)) {
            throw new ConfigException(AGE + ": " + days + " (expected: days, 0 or more)");
        }
        int limit = options.matchedOptionValue(LIMIT, Integer.MAX_VALUE);
        if (limit < 1) {
            throw new ConfigException(LIMIT + ": " + limit + " (expected: 1 or more)");
        }
        @Nullable String since = options.matchedOptionValue(SINCE, null);
        @Nullable String until = options.matchedOptionValue(UNTIL, null);
        long oldEnough = TimeStamp.of(Instant.now().minusSeconds((long) (days * SECONDS_PER_DAY)));
        long last = until == null ? oldEnough : TransactionPoint.last(UNTIL, until);
        return new Selection(
                since == null ? Tid.NONE : TransactionPoint.first(SINCE, since),
                Tid.isAfter(last, oldEnough) ? oldEnough : last,
                Options.bytes(options, SIZE, 0),
                limit);
    }

    private static Afterwards afterwards(ParseResult options) throws ConfigException {
        boolean destroy = Options.isSet(options, DESTROY);
        if (Options.isSet(options, BACKUP)) {
            if (destroy) {
                throw new ConfigException(DESTROY + " and " + BACKUP + " are both given (expected: one of them)");
            }
            return Afterwards.BACK_UP;
        }
        return destroy ? Afterwards.REMOVE : Afterwards.KEEP;
    }
}
