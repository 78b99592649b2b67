package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.remote.Pack;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite pack}. */
record PackCommand(Console console) implements ToolCommand {
    private static final String DAYS = "--days";
    private static final String TIME = "--time";
    private static final String WAIT = "--wait";
    private static final String NO_WAIT = "--no-wait";

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        RemoteOptions.addTo(spec);
        RemoteOptions.addStorageTo(spec);
        Options.addJson(spec);
        spec.addOption(Options.value(
                Integer.class, "DAYS", "keep what was current within so many days (default: 0)", "-d", DAYS));
        spec.addOption(Options.value(
                String.class, "HH[:MM[:SS]]", "pack to this time of the day, local time (default: now)", "-t", TIME));
        spec.addOption(Options.flag("return when it is done, however long it takes (the default)", WAIT));
        spec.addOption(Options.flag("return at once; the server's log says whether it is done", NO_WAIT));
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        boolean noWait = Options.isSet(options, NO_WAIT);
        if (noWait && Options.isSet(options, WAIT)) {
            throw new ConfigException(WAIT + " and " + NO_WAIT + " are both given (expected: one of them)");
        }
        int days = options.matchedOptionValue(DAYS, 0);
        if (days < 0) {
            throw new ConfigException(DAYS + ": " + days + " (expected: 0 or more)");
        }
        @Nullable String time = options.matchedOptionValue(TIME, null);
        Instant until = (time == null ? Instant.now() : today(time)).minus(Duration.ofDays(days));
        Pack.Options asked = new Pack.Options(RemoteOptions.storage(options), until, !noWait, Options.json(options));
        return new Pack(RemoteOptions.server(options), asked, console).run();
    }

    private static Instant today(String text) throws ConfigException {
        String[] parts = text.split(":", -1);
        try {
            if (parts.length <= 3) {
                int minute = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
                int second = parts.length > 2 ? Integer.parseInt(parts[2]) : 0;
                LocalTime time = LocalTime.of(Integer.parseInt(parts[0]), minute, second);
                ZoneId zone = ZoneId.systemDefault();
                return LocalDate.now(zone).atTime(time).atZone(zone).toInstant();
            }
        } catch (NumberFormatException | DateTimeException e) {
            // Said below.
        }
        throw new ConfigException(TIME + ": \"" + text + "\" (expected: HH, HH:MM or HH:MM:SS)");
    }
}
