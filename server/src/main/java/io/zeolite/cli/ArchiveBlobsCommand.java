package io.zeolite.cli;

import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Age;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Archive;
import io.zeolite.tool.blobs.BlobSelection;
import io.zeolite.tool.blobs.Site;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite archive-blobs}. */
record ArchiveBlobsCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String AGE = "--age";
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
        BlobSelectionOptions.addTo(spec, "the largest");
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
        BlobSelection wanted = BlobSelectionOptions.selection(options);
        Age age = Age.of(Duration.ofSeconds((long) (days * SECONDS_PER_DAY)), Instant.now());
        return new Selection(wanted.since(), wanted.until(), age, wanted.leastBytes(), wanted.limit());
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
