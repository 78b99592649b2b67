package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.remote.Figure;
import io.zeolite.tool.remote.Limit;
import io.zeolite.tool.remote.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite status}. */
record StatusCommand(Console console) implements ToolCommand {
    private static final String NAGIOS = "--nagios";
    private static final String RATES_FILE = "--status-path";
    private static final String RATE_UNIT = "--time-units";

    @Override
    public boolean isForMonitors() {
        return true;
    }

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        RemoteOptions.addTo(spec);
        Options.addJson(spec);
        spec.addOption(Options.flag("one message and performance data, as zeo-nagios -m writes them", NAGIOS));
        spec.addOption(Options.value(
                Path.class, "FILE", "keep counters here from one call to the next, for rates", "-s", RATES_FILE));
        spec.addOption(Options.value(
                String.class, "UNIT", "seconds, minutes, hours or days for rates (default: minutes)", "-u", RATE_UNIT));
        for (Figure figure : Figure.values()) {
            spec.addOption(Options.value(
                    String.class,
                    "WARNING[,CRITICAL]",
                    "how many " + figure.description() + " are fine",
                    name(figure)));
        }
        spec.usageMessage()
                .footer(
                        "",
                        "Exit status: 0 all is well, 1 warning, 2 critical (also if it does not answer), 3 unknown.");
        return spec;
    }

    private static String name(Figure figure) {
        return "--max-" + figure.label().replace('_', '-');
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        boolean nagios = Options.isSet(options, NAGIOS);
        if (nagios && Options.json(options)) {
            throw new ConfigException(NAGIOS + " and --json are both given (expected: one of them)");
        }
        Status.Form form = nagios ? Status.Form.NAGIOS : Options.json(options) ? Status.Form.JSON : Status.Form.TEXT;
        @Nullable Path ratesFile = options.matchedOptionValue(RATES_FILE, null);
        Status.Options asked = new Status.Options(form, limits(options), ratesFile, unit(options));
        return new Status(RemoteOptions.server(options), asked, console).run();
    }

    private static Map<Figure, Limit> limits(ParseResult options) throws ConfigException {
        Map<Figure, Limit> limits = new EnumMap<>(Figure.class);
        for (Figure figure : Figure.values()) {
            @Nullable String text = options.matchedOptionValue(name(figure), null);
            if (text != null) {
                Limit limit = Limit.parse(text);
                if (limit == null) {
                    throw new ConfigException(
                            name(figure) + ": \"" + text + "\" (expected: a number, or two with a comma between)");
                }
                limits.put(figure, limit);
            }
        }
        return limits;
    }

    private static Duration unit(ParseResult options) throws ConfigException {
        String text = options.matchedOptionValue(RATE_UNIT, "minutes");
        try {
            ChronoUnit unit = ChronoUnit.valueOf(text.toUpperCase(Locale.ROOT));
            if (unit.compareTo(ChronoUnit.SECONDS) >= 0 && unit.compareTo(ChronoUnit.DAYS) <= 0) {
                return unit.getDuration();
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new ConfigException(RATE_UNIT + ": \"" + text + "\" (expected: seconds, minutes, hours or days)");
    }
}
