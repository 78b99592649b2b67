package io.zeolite.config;

import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Document;
import io.zeolite.config.zconfig.KeyValue;
import io.zeolite.config.zconfig.Position;
import io.zeolite.config.zconfig.Section;
import io.zeolite.config.zconfig.ZConfigParser;
import io.zeolite.logging.LogConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link ServerConfig} of a text and a command line. What the command line says is put in the place of what the
 * text says before either is looked at, so both are read by the same rules and what is overridden need not be right.
 */
final class ConfigReader {
    /** Packages whose sections this server reads, or refuses by name. */
    private static final List<String> IMPORTS = List.of(
            "ZODB",
            "ZEO",
            "ZConfig.components.logger",
            "zdaemon",
            "ZODB.tests",
            "ZEO.tests",
            "collective.s3blobs",
            "relstorage",
            "tempstorage",
            "zc.beforestorage",
            "zc.zlibstorage",
            "zc.zrs",
            "zodb_s3blobs");

    private static final SectionType ROOT = new SectionType(
            "",
            List.of(),
            Stream.concat(Stream.of("zeo", "eventlog", "runner"), StorageSections.SUPPORTED.stream())
                    .toList(),
            StorageSections.UNSUPPORTED);

    private final ConfigEnvironment environment;
    private final List<String> notices = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<String> relativePaths = new ArrayList<>();

    ConfigReader(ConfigEnvironment environment) {
        this.environment = new ConfigEnvironment(environment.variables(), environment.directory(), relativePaths::add);
    }

    ServerConfig load(Path file, Overrides overrides) throws ConfigException {
        Document document = ZConfigParser.parse(file, environment.variables());
        for (KeyValue line : document.imports()) {
            if (!IMPORTS.contains(line.value())) {
                throw new ConfigException(
                        line.position(),
                        "%import " + line.value() + ": unknown package" + Nearest.question(line.value(), IMPORTS)
                                + " (expected " + String.join(", ", IMPORTS) + ")");
            }
        }
        return read(override(document.root(), overrides));
    }

    ServerConfig withoutFile(Overrides overrides) throws ConfigException {
        Position defaults = Position.of("default");
        KeyValue address = new KeyValue("address", ServerConfig.DEFAULT_ADDRESS, defaults);
        String directory = ServerConfig.DEFAULT_DIRECTORY;
        Section zeo = new Section("zeo", null, defaults, List.of(address), List.of());
        Section storage = new Section(
                "filestorage",
                null,
                defaults,
                List.of(
                        new KeyValue("path", directory + "/Data.fs", defaults),
                        new KeyValue("blob-dir", directory + "/blobs", defaults)),
                List.of());
        return read(override(new Section("", null, defaults, List.of(), List.of(zeo, storage)), overrides));
    }

    private ServerConfig read(Section root) throws ConfigException {
        ROOT.read(root, environment);
        checkNames(root.sections());
        @Nullable Section eventlog = only("eventlog", root);
        @Nullable Section runner = only("runner", root);
        @Nullable Section zeo = only("zeo", root);
        if (zeo == null) {
            throw new ConfigException(root.position(), "no server address (expected <zeo> with an address, or -a)");
        }
        ZeoConfig server = ZeoSection.read(zeo, environment, notices);
        List<NamedStorage> storages = storages(root);
        LogConfig log = eventlog == null ? LogConfig.DEFAULT : EventlogSection.read(eventlog, environment, notices);
        if (runner != null) {
            // Behind everything that may have a path.
            RunnerSection.read(runner, environment, !relativePaths.isEmpty(), notices, warnings);
        }
        return new ServerConfig(server, storages, log, notices, warnings);
    }

    private List<NamedStorage> storages(Section root) throws ConfigException {
        List<NamedStorage> storages = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Section section : root.sections()) {
            if (!StorageSections.SUPPORTED.contains(section.type())) {
                continue;
            }
            String name = section.name() == null ? "1" : section.name();
            if (!names.add(name)) {
                throw new ConfigException(
                        section.position(),
                        "a second storage with the name " + name
                                + " (expected different names; a storage without one is called 1)");
            }
            storages.add(new NamedStorage(name, StorageSections.read(section, environment)));
        }
        if (storages.isEmpty()) {
            throw new ConfigException(
                    root.position(),
                    "no storages (expected one or more of <" + String.join(">, <", StorageSections.SUPPORTED)
                            + ">, or -f)");
        }
        return storages;
    }

    /** ZConfig wants the names of all sections in one place to differ, whatever their types. */
    private static void checkNames(List<Section> sections) throws ConfigException {
        Set<String> names = new HashSet<>();
        for (Section section : sections) {
            if (section.name() != null && !names.add(section.name())) {
                throw new ConfigException(
                        section.position(),
                        "a second section with the name " + section.name() + " (expected different names)");
            }
            checkNames(section.sections());
        }
    }

    private static @Nullable Section only(String type, Section root) throws ConfigException {
        @Nullable Section found = null;
        for (Section section : root.sections()) {
            if (section.type().equals(type)) {
                if (found != null) {
                    throw new ConfigException(
                            section.position(),
                            "a second <" + type + "> after that of " + found.position() + " (expected one)");
                }
                found = section;
            }
        }
        return found;
    }

    private static Section override(Section root, Overrides overrides) {
        List<Section> sections = new ArrayList<>(root.sections());
        if (!overrides.filenames().isEmpty()) {
            sections.removeIf(section -> StorageSections.SUPPORTED.contains(section.type())
                    || StorageSections.UNSUPPORTED.containsKey(section.type()));
            int number = 0;
            for (String filename : overrides.filenames()) {
                number++;
                sections.add(fileStorage(Integer.toString(number), filename));
            }
        }
        setInZeo(sections, "address", overrides.address(), "--address");
        setInZeo(sections, "transaction-timeout", overrides.transactionTimeout(), "--timeout");
        setInZeo(sections, "pid-filename", overrides.pidFile(), "--pid-file");
        return root.withSections(sections);
    }

    private static Section fileStorage(String name, String path) {
        Position option = Position.of("--filename");
        return new Section("filestorage", name, option, List.of(new KeyValue("path", path, option)), List.of());
    }

    private static void setInZeo(List<Section> sections, String key, @Nullable String value, String option) {
        if (value == null) {
            return;
        }
        Position position = Position.of(option);
        if (sections.stream().noneMatch(section -> section.type().equals("zeo"))) {
            sections.add(new Section("zeo", null, position, List.of(), List.of()));
        }
        sections.replaceAll(
                section -> section.type().equals("zeo") ? section.with(new KeyValue(key, value, position)) : section);
    }
}
