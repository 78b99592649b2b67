package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.directory.BlobFiles;
import io.zeolite.client.blob.CacheFiles;
import io.zeolite.tool.Console;
import io.zeolite.tool.Progress;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.BlobTable.Place;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which blobs a site has and where they are. Each place is looked at once, while others may change it: what is
 * not found may have moved in between, so whoever cares looks again at what is missing.
 */
final class Inventory {
    private final Site site;
    private final Console console;
    private final BlobTable table = new BlobTable();
    private long foreign;
    private long newest = Tid.NONE;

    Inventory(Site site, Console console) {
        this.site = site;
        this.console = console;
    }

    BlobTable table() {
        return table;
    }

    /** How many objects in the bucket have no name of a blob. */
    long foreignObjects() {
        return foreign;
    }

    /** The latest transaction of the data files that have been read. */
    long newestTransaction() {
        return newest;
    }

    /** Lists the bucket, in a request for each thousand objects; does nothing if there is none. */
    void listBucket() throws IOException {
        Site.Cold bucket = site.cold();
        if (bucket == null) {
            return;
        }
        try (Progress progress =
                new Progress(console, "listing " + bucket.store().name(), 0)) {
            long[] seen = new long[1];
            bucket.store().list(bucket.layout().start(), object -> {
                Optional<BlobRevision> revision = bucket.layout().revision(object.key());
                if (revision.isPresent() && revision.get().tid() != 0) {
                    table.found(
                            Place.BUCKET, revision.get().oid(), revision.get().tid(), object.size());
                } else {
                    foreign++;
                }
                if (++seen[0] % 1000 == 0) {
                    progress.say(Texts.count(seen[0], "object"));
                }
            });
        }
    }

    /** Reads the names and sizes of the files in the blob directory; one that does not exist has none. */
    void scanBlobDirectory() throws IOException {
        if (!Files.isDirectory(site.blobDirectory())) {
            return;
        }
        new BlobFiles(site.blobDirectory()).forEach((oid, tid, path) -> {
            long size = sizeOf(path);
            if (size != BlobTable.ABSENT && tid != 0) {
                table.found(Place.LOCAL, oid, tid, size);
            }
        });
    }

    private static long sizeOf(Path path) throws IOException {
        try {
            return Files.size(path);
        } catch (NoSuchFileException e) {
            // Gone since the directory was read.
            return BlobTable.ABSENT;
        }
    }

    /** Reads the names and sizes of the files in the cache, if there is one. */
    void scanCache() throws IOException {
        if (site.cold() != null) {
            CacheFiles.forEach(
                    site.cold().cacheDirectory(), (oid, tid, size) -> table.found(Place.CACHE, oid, tid, size));
        }
    }

    /**
     * Reads the data file.
     *
     * @param referrers null if nobody wants to know
     * @return the parts and records of it that cannot be read, in words
     */
    List<String> readData(BlobRecords.@Nullable ReferrerVisitor referrers) throws IOException {
        return readData(site.data(), referrers);
    }

    /** The same with another data file: a backup, or the one of before a pack. */
    List<String> readData(Path dataFile, BlobRecords.@Nullable ReferrerVisitor referrers) throws IOException {
        BlobRecords records = new BlobRecords(dataFile, console);
        List<String> damages = records.read(table::record, referrers);
        if (Tid.isAfter(records.newest(), newest)) {
            newest = records.newest();
        }
        return damages;
    }
}
