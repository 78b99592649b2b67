package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.FileChecksum;
import io.zeolite.blob.tier.Pace;
import io.zeolite.blob.tier.SideBySide;
import io.zeolite.tool.Console;
import io.zeolite.tool.ProgressBar;
import io.zeolite.tool.blobs.BlobTable.Blob;
import io.zeolite.tool.blobs.Repair.Expected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * {@code zeolite verify-blobs}: whether every blob that the data file has, in every revision, has its bytes somewhere, and the
 * same ones everywhere. It can bring back what is missing from a directory that somebody still has.
 */
public final class Verify {
    private final Site site;
    private final Options options;
    private final Console console;
    private final VerifyReport report;

    /**
     * How to verify.
     *
     * @param deep whether all bytes are read and compared
     * @param repairFrom directories in which bytes are looked for that are missing
     * @param shown so many flaws are shown, all are counted
     */
    public record Options(boolean deep, List<Path> repairFrom, Effort effort, int shown, boolean json) {
        public Options {
            repairFrom = List.copyOf(repairFrom);
        }
    }

    public Verify(Site site, Options options, Console console) {
        this.site = site;
        this.options = options;
        this.console = console;
        this.report = new VerifyReport(site, options, console);
    }

    /**
     * Verifies and shows.
     *
     * @return one of the statuses of monitors
     * @throws IOException if it cannot be found out
     */
    public int run() throws IOException {
        for (Path source : options.repairFrom()) {
            if (!Files.isDirectory(source)) {
                throw new NoSuchFileException(source.toString());
            }
        }
        BlobDirectory directory = BlobDirectory.openReadOnly(site.blobDirectory());
        @Nullable
        Repair repair = options.repairFrom().isEmpty()
                ? null
                : new Repair(options.repairFrom(), new LocalBlobs(site.existingBlobDirectory()), console);
        // The other way around, a blob that is archived meanwhile would be in neither place.
        Inventory inventory = new Inventory(site, console);
        inventory.scanBlobDirectory();
        inventory.listBucket();
        inventory.scanCache();
        for (String damage : inventory.readData(null)) {
            report.add(new Flaw(Flaw.Kind.DATA, null, damage));
        }
        List<Blob> blobs = new ArrayList<>();
        inventory.table().forEach(blob -> {
            if (blob.recorded()) {
                blobs.add(blob);
            }
        });
        for (Flaw flaw : flaws(blobs, directory)) {
            Path source = repair == null || flaw.revision() == null ? null : repaired(repair, flaw, directory);
            if (source == null) {
                report.add(flaw);
            } else {
                report.repaired(flaw, source);
            }
        }
        report.conclude(blobs, inventory);
        return report.level();
    }

    private List<Flaw> flaws(List<Blob> blobs, BlobDirectory directory) {
        List<Flaw> flaws = new ArrayList<>();
        List<Blob> present = new ArrayList<>();
        for (Blob blob : blobs) {
            try {
                Flaw flaw = presence(blob, directory);
                if (flaw == null) {
                    present.add(blob);
                } else {
                    flaws.add(flaw);
                }
            } catch (StoreException e) {
                report.notVerified(1, String.valueOf(e.getMessage()));
            }
        }
        if (options.deep()) {
            flaws.addAll(deepFlaws(present, directory));
        }
        return flaws;
    }

    private @Nullable Flaw presence(Blob blob, BlobDirectory directory) throws StoreException {
        if (blob.isLocal() && blob.isStored()) {
            return blob.local() == blob.stored()
                    ? null
                    : new Flaw(
                            Flaw.Kind.SIZE,
                            blob.revision(),
                            directory.path(blob.oid(), blob.tid()) + " has " + blob.local()
                                    + " bytes, and its object has " + blob.stored());
        } else if (blob.isLocal() || blob.isStored() || isThereNow(blob, directory)) {
            return null;
        } else if (blob.isCached()) {
            return new Flaw(
                    Flaw.Kind.ONLY_CACHED,
                    blob.revision(),
                    "only in the cache (expected: " + places(blob, directory) + ")");
        }
        return new Flaw(Flaw.Kind.MISSING, blob.revision(), "nowhere (expected: " + places(blob, directory) + ")");
    }

    private String places(Blob blob, BlobDirectory directory) {
        String local = directory.path(blob.oid(), blob.tid()).toString();
        Site.Cold bucket = site.cold();
        return bucket == null ? local : local + " or " + bucket.store().name() + bucket.key(blob.oid(), blob.tid());
    }

    /** Looks again, as it may have been archived or restored since it was looked for. */
    private boolean isThereNow(Blob blob, BlobDirectory directory) throws StoreException {
        Path file = directory.path(blob.oid(), blob.tid());
        return Files.exists(file) || isStoredNow(blob) || Files.exists(file);
    }

    private boolean isStoredNow(Blob blob) throws StoreException {
        Site.Cold bucket = site.cold();
        try {
            if (bucket != null) {
                bucket.store().stat(bucket.key(blob.oid(), blob.tid()));
            }
            return bucket != null;
        } catch (StoreException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private List<Flaw> deepFlaws(List<Blob> blobs, BlobDirectory directory) {
        List<Flaw> flaws = new ArrayList<>();
        DeepCheck check = new DeepCheck(directory, site.cold());
        Pace pace = Pace.of(options.effort().bytesPerSecond());
        Site.Cold bucket = site.cold();
        if (bucket != null) {
            bucket.store().paceReads(count -> pace.await(count, () -> false));
        }
        AtomicLong done = new AtomicLong();
        long bytes = blobs.stream().mapToLong(Blob::size).sum();
        try (ProgressBar progress = new ProgressBar(console, "verifying", blobs.size(), bytes)) {
            SideBySide.run("zeolite-verify", options.effort().parallel(), blobs, () -> false, blob -> {
                if (blob.isLocal()) {
                    pace.await(blob.local(), () -> false);
                }
                Flaw flaw = check.check(blob);
                if (flaw != null) {
                    synchronized (flaws) {
                        flaws.add(flaw);
                    }
                }
                progress.add(1, blob.size());
                if (bucket != null && bucket.store().isAway()) {
                    // Its flaw may be that of the store.
                    return false;
                }
                done.incrementAndGet();
                return true;
            });
        }
        report.notVerified(blobs.size() - done.get(), "the store is away");
        return flaws;
    }

    private @Nullable Path repaired(Repair repair, Flaw flaw, BlobDirectory directory) {
        BlobRevision revision = flaw.revision();
        if (revision == null) {
            return null;
        }
        Path file = directory.path(revision.oid(), revision.tid());
        if (flaw.kind() == Flaw.Kind.UNREADABLE && isReadable(file)) {
            // What is wrong is the object.
            return null;
        }
        Expected expected;
        try {
            expected = expected(revision, flaw.kind(), file);
        } catch (IOException e) {
            console.err().println("cannot repair " + revision + ": " + e.getMessage());
            return null;
        }
        boolean enough =
                switch (flaw.kind()) {
                    case MISSING, ONLY_CACHED -> true;
                    // There is something, and it may be read the next time: not just any bytes may take its place.
                    case UNREADABLE -> expected.size() != null;
                    default -> expected.crc32c() != null;
                };
        return enough ? repair.repair(revision, expected) : null;
    }

    private static boolean isReadable(Path file) {
        try {
            FileChecksum.crc32c(file);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** What is known of the bytes where there is an object for them, or a file that cannot be read. */
    private Expected expected(BlobRevision revision, Flaw.Kind kind, Path file) throws IOException {
        if (kind == Flaw.Kind.MISSING || kind == Flaw.Kind.ONLY_CACHED) {
            return Expected.NOTHING;
        }
        Site.Cold bucket = site.cold();
        try {
            if (bucket != null) {
                StoredObject object = bucket.store().stat(bucket.key(revision.oid(), revision.tid()));
                return new Expected(object.crc32c(), object.size());
            }
        } catch (StoreException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
        }
        return Files.exists(file) ? new Expected(null, Files.size(file)) : Expected.NOTHING;
    }
}
