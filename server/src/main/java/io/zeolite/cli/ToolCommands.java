package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.tool.Console;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The commands beside {@code serve}. The start of a server must not pay for them, so it does not load this class, and of
 * the tools only the one that is asked for is described in full.
 */
final class ToolCommands {
    private static final Map<String, String> DESCRIPTIONS = new LinkedHashMap<>();

    static {
        DESCRIPTIONS.put("check", "Looks for damage in a data file, dangling references and missing blobs.");
        DESCRIPTIONS.put("dump", "Shows the transactions and records of a data file.");
        DESCRIPTIONS.put("log", "Shows the transactions of a data file, the newest first.");
        DESCRIPTIONS.put("recover", "Saves what can be read of a damaged data file into a new one.");
        DESCRIPTIONS.put("status", "Shows how a ZEO server is, also for monitors.");
        DESCRIPTIONS.put("pack", "Has a ZEO server pack a storage.");
        DESCRIPTIONS.put("undo-log", "Lists the transactions of a ZEO server's storage that can be undone.");
        DESCRIPTIONS.put(
                "archive-blobs", "Copies blobs to the bucket behind a storage, and lets go of the local files.");
        DESCRIPTIONS.put("restore-blobs", "Brings blobs back from the bucket into the blob directory.");
        DESCRIPTIONS.put("verify-blobs", "Looks whether every blob of a storage has its bytes somewhere.");
        DESCRIPTIONS.put("gc-bucket", "Finds objects in the bucket that no data file needs, and deletes them.");
        DESCRIPTIONS.put("mirror-blobs", "Copies the bucket to another bucket or a directory.");
        DESCRIPTIONS.put("blob-stats", "Counts blobs by place, size, age, class and month.");
        DESCRIPTIONS.put("bucket-check", "Tries what a bucket and its credentials can do.");
        DESCRIPTIONS.put("bucket-policy", "Prints who needs which permissions in a bucket.");
    }

    private final ConfigEnvironment environment;
    private final Console console;

    ToolCommands(ConfigEnvironment environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.console = Console.ofProcess(out, err);
    }

    /** Adds all commands; those that are not asked for by their names and descriptions only. */
    void addTo(CommandSpec root, @Nullable String asked) {
        DESCRIPTIONS.forEach((name, description) -> {
            ToolCommand command = name.equals(asked) ? find(name) : null;
            CommandSpec spec = command == null ? Zeolite.command() : command.spec();
            spec.usageMessage().description(description);
            root.addSubcommand(name, Zeolite.commandLine(spec.addOption(Zeolite.helpOption())));
        });
    }

    /** The command of a name; null if there is none. */
    @Nullable
    ToolCommand find(@Nullable String name) {
        if (name == null) {
            return null;
        }
        return switch (name) {
            case "check" -> new CheckCommand(console);
            case "dump" -> new DumpCommand(console);
            case "log" -> new LogCommand(console);
            case "recover" -> new RecoverCommand(console);
            case "status" -> new StatusCommand(console);
            case "pack" -> new PackCommand(console);
            case "undo-log" -> new UndoLogCommand(console);
            case "archive-blobs" -> new ArchiveBlobsCommand(environment, console);
            case "restore-blobs" -> new RestoreBlobsCommand(environment, console);
            case "verify-blobs" -> new VerifyBlobsCommand(environment, console);
            case "gc-bucket" -> new GcBucketCommand(environment, console);
            case "mirror-blobs" -> new MirrorBlobsCommand(environment, console);
            case "blob-stats" -> new BlobStatsCommand(environment, console);
            case "bucket-check" -> new BucketCheckCommand(environment, console);
            case "bucket-policy" -> new BucketPolicyCommand(environment, console);
            default -> null;
        };
    }
}
