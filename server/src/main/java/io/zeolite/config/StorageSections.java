package io.zeolite.config;

import io.zeolite.config.StorageConfig.BlobStorage;
import io.zeolite.config.StorageConfig.DemoStorage;
import io.zeolite.config.StorageConfig.FileStorage;
import io.zeolite.config.StorageConfig.MappingStorage;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Section;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The sections that describe storages, and their keys. */
final class StorageSections {
    static final List<String> SUPPORTED = List.of(
            "filestorage",
            "blobstorage",
            "mappingstorage",
            "demostorage",
            "serverzlibstorage",
            "zeoclient",
            "clientstorage",
            "s3blobs",
            "s3blobcache",
            "s3blobstorage");

    /**
     * What other packages put in the place of a storage. {@code <zlibstorage>} has the server compress what is plain on the
     * wire: if only its section were left out, clients would get compressed records, which they cannot read.
     */
    static final Map<String, String> UNSUPPORTED = Map.of(
            "before",
                    "the storage in it alone, of a copy that ends at that time (repozo --recover --date), with read-only true"
                            + " if it is to stay so",
            "fullstorage", "",
            "hexstorage", "",
            "loaddelayed_storage", "",
            "minimalstorage", "",
            "relstorage",
                    "<filestorage>, filled by zodbconvert, or none here if the clients go on with their <relstorage>",
            "serverhexstorage", "",
            "temporarystorage",
                    "<mappingstorage>, with the same name: it keeps its objects in memory too; pack it now and then",
            "zlibstorage",
                    "<serverzlibstorage> here, and <zlibstorage> around the <zeoclient> of every client, which then"
                            + " compresses and inflates; the data file stays as it is",
            "zrs",
                    "the storage in it alone: this server does not replicate; for a second copy let repozo and rsync run"
                            + " often, for more reading <zeoclient> in front of the primary");

    static final Key<Path> PATH =
            Key.required("path", Datatypes.PATH_IN_DIRECTORY, "the data file, which is created if it is not there");

    static final Key<Optional<Path>> FILE_BLOB_DIR = Key.withDefault(
            "blob-dir",
            Datatypes.PATH_IN_DIRECTORY_OR_NOTHING,
            Optional.empty(),
            "the directory of the blobs, created if need be; without it there are none");

    static final Key<Boolean> CREATE =
            Key.withDefault("create", Datatypes.BOOLEAN, false, "whether an existing data file is emptied");

    static final Key<Boolean> READ_ONLY =
            Key.withDefault("read-only", Datatypes.BOOLEAN, false, "whether the data file is only read");

    static final Key<Long> QUOTA = Key.optional(
            "quota", Datatypes.byteSize(0, Long.MAX_VALUE), "the size that the data file may not grow beyond");

    static final Key<String> PACKER = Key.optional("packer", Datatypes.STRING, "refused: it names Python code");

    static final Key<Boolean> PACK_GC = Key.withDefault(
            "pack-gc", Datatypes.BOOLEAN, true, "whether packing removes objects that nothing refers to");

    static final Key<Boolean> PACK_KEEP_OLD = Key.withDefault(
            "pack-keep-old", Datatypes.BOOLEAN, true, "whether packing keeps the file of before as path.old");

    static final Key<Long> PACK_RATE = Key.withDefault(
            "pack-rate",
            Datatypes.byteSize(0, Long.MAX_VALUE),
            0L,
            "how much packing reads and writes in a second at the most; 0 for no limit");

    static final Key<Boolean> MAP_DATA = Key.withDefault(
            "map-data",
            Datatypes.BOOLEAN,
            true,
            "whether records are read from memory that is mapped to the data file; it counts as the server's, but is the"
                    + " system's page cache");

    static final Key<Boolean> SYNC_BLOBS = Key.withDefault(
            "sync-blobs",
            Datatypes.BOOLEAN,
            true,
            "whether a blob is forced to the disk before its transaction counts as committed; without, as Python's server"
                    + " does it, a blob may be lost by a crash of the machine");

    static final Key<String> NAME = Key.withDefault(
            "name", Datatypes.STRING, "Mapping Storage", "what clients are told that the storage is called");

    static final Key<String> DEMO_NAME =
            Key.optional("name", Datatypes.STRING, "what clients are told that the storage is called");

    static final Key<Path> BLOB_DIR =
            Key.required("blob-dir", Datatypes.PATH, "the directory of the blobs, created if need be");

    static final SectionType FILE_STORAGE = SectionType.of(
            "filestorage",
            PATH,
            FILE_BLOB_DIR,
            CREATE,
            READ_ONLY,
            QUOTA,
            PACKER,
            PACK_GC,
            PACK_KEEP_OLD,
            PACK_RATE,
            SYNC_BLOBS,
            MAP_DATA);
    static final SectionType MAPPING_STORAGE = SectionType.of("mappingstorage", NAME);
    static final SectionType BLOB_STORAGE =
            new SectionType("blobstorage", List.of(BLOB_DIR, SYNC_BLOBS), SUPPORTED, UNSUPPORTED);

    static final SectionType DEMO_STORAGE = new SectionType("demostorage", List.of(DEMO_NAME), SUPPORTED, UNSUPPORTED);

    static final Key<Boolean> COMPRESS =
            Key.optional("compress", Datatypes.BOOLEAN, "without effect: what clients send is stored as it is");

    static final SectionType SERVER_ZLIB_STORAGE =
            new SectionType("serverzlibstorage", List.of(COMPRESS), SUPPORTED, UNSUPPORTED);

    /** The name of the section in {@code <demostorage>} that is not the base. */
    private static final String CHANGES = "changes";

    private StorageSections() {}

    /** Reads one of the {@link #SUPPORTED} sections. */
    static StorageConfig read(Section section, ConfigEnvironment environment) throws ConfigException {
        return switch (section.type()) {
            case "filestorage" -> fileStorage(section, environment);
            case "mappingstorage" ->
                new MappingStorage(MAPPING_STORAGE.read(section, environment).get(NAME));
            case "blobstorage" -> blobStorage(section, environment);
            case "demostorage" -> demoStorage(section, environment);
            case "serverzlibstorage" -> serverZlibStorage(section, environment);
            case "zeoclient", "clientstorage" -> ClientSection.read(section, environment);
            case "s3blobs", "s3blobcache", "s3blobstorage" -> S3Sections.read(section, environment);
            default -> throw new IllegalArgumentException("not a storage: " + section.type());
        };
    }

    private static FileStorage fileStorage(Section section, ConfigEnvironment environment) throws ConfigException {
        Values values = FILE_STORAGE.read(section, environment);
        if (values.has(PACKER)) {
            throw new ConfigException(
                    values.position(PACKER),
                    "packer: \"" + values.find(PACKER) + "\" names Python code, which this server cannot run (expected"
                            + " no packer: its own is always used)");
        }
        return new FileStorage(
                values.get(PATH),
                values.get(FILE_BLOB_DIR).orElse(null),
                values.get(CREATE),
                values.get(READ_ONLY),
                values.find(QUOTA),
                values.get(PACK_GC),
                values.get(PACK_KEEP_OLD),
                values.get(PACK_RATE),
                values.get(SYNC_BLOBS),
                values.get(MAP_DATA));
    }

    private static BlobStorage blobStorage(Section section, ConfigEnvironment environment) throws ConfigException {
        Values values = BLOB_STORAGE.read(section, environment);
        StorageConfig base = readBase(section, environment);
        if (base instanceof StorageConfig.ClientStorage) {
            throw new ConfigException(
                    section.position(),
                    "a storage of another server in <blobstorage> (expected a blob-dir in its own section)");
        } else if (base instanceof DemoStorage) {
            throw new ConfigException(
                    section.position(),
                    "<demostorage> in <blobstorage> (expected a blob-dir in the storage that is named changes)");
        } else if (base instanceof BlobStorage || base instanceof StorageConfig.ColdStorage) {
            throw new ConfigException(
                    section.position(), "a storage that has blobs in <blobstorage> (expected one blob-dir)");
        } else if (base instanceof FileStorage file && file.blobDirectory() != null) {
            throw new ConfigException(
                    values.position(BLOB_DIR),
                    "blob-dir is given twice, " + file.blobDirectory() + " and " + values.get(BLOB_DIR)
                            + " (expected one)");
        }
        return new BlobStorage(values.get(BLOB_DIR), base, values.get(SYNC_BLOBS));
    }

    /** The storage within: whoever reads a record inflates it if it is compressed, in all storages. */
    private static StorageConfig serverZlibStorage(Section section, ConfigEnvironment environment)
            throws ConfigException {
        SERVER_ZLIB_STORAGE.read(section, environment);
        return readBase(section, environment);
    }

    /** Reads the one storage that a section is put around. */
    static StorageConfig readBase(Section section, ConfigEnvironment environment) throws ConfigException {
        if (section.sections().size() != 1) {
            throw new ConfigException(
                    section.position(),
                    "<" + section.type() + "> holds " + section.sections().size() + " storages (expected exactly one)");
        }
        return read(section.sections().get(0), environment);
    }

    /** As in ZODB, a section with the name {@code changes} is that, and any other is the base. */
    private static DemoStorage demoStorage(Section section, ConfigEnvironment environment) throws ConfigException {
        Values values = DEMO_STORAGE.read(section, environment);
        @Nullable StorageConfig base = null;
        @Nullable StorageConfig changes = null;
        for (Section inner : section.sections()) {
            StorageConfig storage = read(inner, environment);
            if (storage instanceof StorageConfig.ClientStorage) {
                throw new ConfigException(
                        inner.position(),
                        "a storage of another server in <demostorage> (expected one of this server's own)");
            }
            if (CHANGES.equals(inner.name())) {
                changes = storage;
            } else if (base == null) {
                base = storage;
            } else {
                throw new ConfigException(
                        inner.position(),
                        "<demostorage> holds a second base storage (expected one, and one with the name changes)");
            }
        }
        return new DemoStorage(values.find(DEMO_NAME), base, changes);
    }
}
