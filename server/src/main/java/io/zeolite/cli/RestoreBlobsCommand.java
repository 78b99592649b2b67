package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Restore;
import io.zeolite.tool.blobs.Site;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite restore-blobs}. */
record RestoreBlobsCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String DRY_RUN = "--dry-run";

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addTo(spec);
        BlobSelectionOptions.addTo(spec, "the newest");
        SelectionOptions.addOids(spec, "only blobs with this oid");
        spec.addOption(Options.flag("say what would be brought back, and do nothing", DRY_RUN));
        EffortOptions.addTo(spec);
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "The bucket stays as it is. A server may run meanwhile; run this as its user."
                                + " Exit status: 0 all that was selected is here, 1 some is not, or is nowhere.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        Restore.Options asked = new Restore.Options(
                BlobSelectionOptions.selection(options),
                EffortOptions.effort(options),
                Options.isSet(options, DRY_RUN),
                Options.json(options));
        try (Site site = SiteOptions.site(options, environment)) {
            return new Restore(site, asked, console).run();
        }
    }
}
