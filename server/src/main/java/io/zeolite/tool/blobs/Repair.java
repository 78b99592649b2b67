package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.FileChecksum;
import io.zeolite.client.blob.CacheFiles;
import io.zeolite.tool.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the bytes of blobs in directories that somebody still has, and puts them into the blob directory. Such a directory may
 * be the blob cache of a client, a blob directory or a backup of one, or a copy of a bucket. Any thread.
 */
final class Repair {
    private final List<Path> sources;
    /** Those of the sources that may be blob directories. */
    private final List<BlobDirectory> directories = new ArrayList<>();

    private final LocalBlobs local;
    private final Console console;

    /** What is known of the bytes that are looked for. */
    record Expected(@Nullable Integer crc32c, @Nullable Long size) {
        static final Expected NOTHING = new Expected(null, null);
    }

    Repair(List<Path> sources, LocalBlobs local, Console console) throws IOException {
        this.sources = List.copyOf(sources);
        for (Path source : sources) {
            if (isBlobDirectory(source)) {
                try {
                    directories.add(BlobDirectory.openReadOnly(source));
                } catch (IOException e) {
                    console.err().println("cannot take blobs from " + source + ": " + e.getMessage());
                }
            }
        }
        this.local = local;
        this.console = console;
    }

    /**
     * Brings a blob back. Says so of what cannot be read, or copied, and goes on with the next place.
     *
     * @return where it was found; null if it was not
     */
    @Nullable
    Path repair(BlobRevision revision, Expected expected) {
        for (Path candidate : candidates(revision)) {
            try {
                if (fits(candidate, expected)) {
                    copy(candidate, revision);
                    return candidate;
                }
            } catch (IOException e) {
                console.err().println("cannot take " + candidate + ": " + e);
            }
        }
        return null;
    }

    private List<Path> candidates(BlobRevision revision) {
        long oid = revision.oid();
        long tid = revision.tid();
        List<Path> found = new ArrayList<>();
        for (Path source : sources) {
            Path cached = CacheFiles.path(source, oid, tid);
            if (Files.isRegularFile(cached)) {
                found.add(cached);
            }
            Stream.of(KeyLayout.values())
                    .map(layout -> source.resolve(layout.key(oid, tid)))
                    .filter(Files::isRegularFile)
                    .forEach(found::add);
        }
        for (BlobDirectory directory : directories) {
            Path committed = directory.path(oid, tid);
            Stream.of(committed, committed.resolveSibling(committed.getFileName() + ".bak"))
                    .filter(Files::isRegularFile)
                    .forEach(found::add);
        }
        return found;
    }

    /** A cache is none: its layout is not one that blob directories have. */
    private static boolean isBlobDirectory(Path source) throws IOException {
        Path marker = source.resolve(".layout");
        return !Files.exists(marker) || !Files.readString(marker).strip().equals("zeocache");
    }

    private static boolean fits(Path candidate, Expected expected) throws IOException {
        if (expected.crc32c() != null) {
            // Of an object that was cut off the size is wrong.
            return FileChecksum.crc32c(candidate) == expected.crc32c();
        }
        return expected.size() == null || Files.size(candidate) == expected.size();
    }

    private void copy(Path candidate, BlobRevision revision) throws IOException {
        Path staged = local.newFile();
        try {
            Files.copy(candidate, staged, StandardCopyOption.REPLACE_EXISTING, LinkOption.NOFOLLOW_LINKS);
            local.place(staged, revision);
        } finally {
            Files.deleteIfExists(staged);
        }
    }
}
