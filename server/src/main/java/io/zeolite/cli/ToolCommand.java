package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.ExitStatus;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** A command that does something and ends: what it takes, and who does it. */
interface ToolCommand {
    /** What it takes, without the help. */
    CommandSpec spec();

    /**
     * Does it.
     *
     * @return the exit status
     * @throws ConfigException if an option makes no sense
     * @throws IOException if it cannot be done
     */
    int run(ParseResult options) throws ConfigException, IOException;

    /** Whether monitors call it, so that the exit status is one of theirs, also for mistakes. */
    default boolean isForMonitors() {
        return false;
    }

    /** The exit status if an option makes no sense. */
    default int usageStatus() {
        return isForMonitors() ? ExitStatus.UNKNOWN : ExitStatus.USAGE;
    }

    /** The exit status if it cannot be done. */
    default int failureStatus() {
        return isForMonitors() ? ExitStatus.UNKNOWN : ExitStatus.FAILED;
    }
}
