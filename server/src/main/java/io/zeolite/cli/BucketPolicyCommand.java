package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.bucket.BucketPolicy;
import io.zeolite.tool.bucket.BucketPolicy.Role;
import java.io.IOException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite bucket-policy}. */
record BucketPolicyCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String FOR = "--for";
    private static final String EXCEPT = "--except";

    private static String roles() {
        return Stream.of(Role.values()).map(Role::text).collect(Collectors.joining(", "));
    }

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addTo(spec);
        spec.addOption(Options.value(
                String.class, "ROLE", "only the policy for this: " + roles() + " (default: all of them)", FOR));
        spec.addOption(Options.value(
                String.class, "ARN", "whom deny-deletion does not deny anything, in case it has to be undone", EXCEPT));
        Options.addJson(spec);
        spec.usageMessage().footer("", "Asks nobody; the policies follow from the configuration.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        ColdStorage storage = SiteOptions.coldStorage(options, environment);
        if (!(storage.store() instanceof ColdStore.Bucket bucket)) {
            throw new IOException("the blobs are in a directory, which has no policies (expected: a bucket)");
        }
        @Nullable String except = options.matchedOptionValue(EXCEPT, null);
        BucketPolicy policies = new BucketPolicy(bucket.settings(), except, console);
        @Nullable String role = options.matchedOptionValue(FOR, null);
        if (role != null) {
            return policies.print(role(role));
        }
        return Options.json(options) ? policies.printJson() : policies.printAll();
    }

    private static Role role(String text) throws ConfigException {
        for (Role role : Role.values()) {
            if (role.text().equals(text)) {
                return role;
            }
        }
        throw new ConfigException(FOR + ": \"" + text + "\" (expected: " + roles() + ")");
    }
}
