package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.bucket.BucketCheck;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite bucket-check}. */
record BucketCheckCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    @Override
    public boolean isForMonitors() {
        return true;
    }

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addTo(spec);
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "Writes small objects under the prefix and deletes them again; none if read-only-bucket is on."
                                + " Exit status: 0 all is well, 1 warnings, 2 errors, 3 it could not be tried.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        ColdStorage storage = SiteOptions.coldStorage(options, environment);
        boolean readOnly = storage.readOnlyBucket();
        if (storage.store() instanceof ColdStore.Bucket bucket) {
            String name = "s3://" + bucket.settings().bucket() + "/"
                    + bucket.settings().prefix();
            return new BucketCheck(name, Options.json(options), console).run(bucket.settings(), readOnly);
        }
        ColdStore.Directory directory = (ColdStore.Directory) storage.store();
        return new BucketCheck(directory.root().toString(), Options.json(options), console)
                .run(directory.root(), readOnly);
    }
}
