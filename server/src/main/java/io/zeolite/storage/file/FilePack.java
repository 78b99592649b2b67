package io.zeolite.storage.file;

import io.zeolite.disk.Disk;
import io.zeolite.disk.NoSpaceException;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pack of a file storage.
 *
 * <p>What is on disk when:
 *
 * <ol>
 *   <li>{@link #copy}: {@code Data.fs.pack}, which nobody looks at, grows beside everything else, and with it
 *       {@code .pack.index}. They are removed if the pack ends here, or when the storage is opened after a crash.
 *   <li>{@link #replace}: {@code .pack} is complete and forced; the index of the old file is deleted.
 *   <li>If the old file is to be kept, it gets the name {@code Data.fs.old} as well; where that cannot be,
 *       instead.
 *   <li>{@code .pack} is renamed over {@code Data.fs}, and the directory is forced. A crash before leaves the old
 *       storage, one after it the packed one. There is a {@code Data.fs} all the time, but for a file that got another name
 *       instead: it gets its name back when the storage is opened.
 *   <li>The new index gets its name. A crash before it costs a scan of the file.
 * </ol>
 */
final class FilePack implements Pack {
    private static final Logger LOG = LoggerFactory.getLogger(FilePack.class);

    /** As much is copied on the committer's thread, which takes some milliseconds. */
    private static final long MAX_REST = 256 << 10;

    /** As much may have been written while the last piece was copied for {@link #replace} to have a chance. */
    private static final long MAX_BEHIND = MAX_REST / 4;

    private static final int MAX_ROUNDS = 20;
    private static final int MAX_ATTEMPTS = 5;

    private final FileLog log;
    private final Disk disk;
    private final Path path;
    private final boolean collectGarbage;
    private final PackControl control;
    private final Generation old;
    private final PackSource source;

    private @Nullable Reachability kept;
    private @Nullable PackOutput output;
    private @Nullable PackCopy copy;
    private long scannedEnd;
    private long sizeBefore;
    private long lengthBefore;
    private int attempts;
    private boolean isReplaced;

    FilePack(FileLog log, Disk disk, Path path, PackOptions options, PackControl control, Generation old) {
        this.log = log;
        this.disk = disk;
        this.path = path;
        this.collectGarbage = options.gc() && control.isWhole();
        this.control = control;
        this.old = old;
        this.source = new PackSource(old.file(), control.pace());
    }

    private Path packPath() {
        return FileOpening.sibling(path, ".pack");
    }

    private Path packIndexPath() {
        return FileOpening.sibling(path, ".pack.index");
    }

    @Override
    public boolean copy() throws IOException {
        PackCopy started = copy;
        if (started == null) {
            return begin();
        }
        if (started.isMissingGarbage()) {
            return copyPacked(Objects.requireNonNull(kept));
        }
        follow(started);
        return true;
    }

    private boolean begin() throws IOException {
        Generation.Published published = old.published();
        if (published.length() == 0) {
            return false;
        }
        sizeBefore = published.end();
        lengthBefore = published.length();
        // Read once for what there is, once for what refers to what, once to be copied; and written.
        control.pace().expect((collectGarbage ? 4 : 3) * published.end());
        Reachability reachability = new Reachability(source, collectGarbage, control.stop(), published.end());
        kept = reachability;
        reachability.scan();
        LOG.info(
                "{}: packing {} of {} bytes, what was written up to {}",
                path,
                reachability.packEnd(),
                published.end(),
                Tid.toHex(control.stop()));
        if (reachability.isRedundant()) {
            LOG.info("{} is packed to this time or a later one already", path);
            return false;
        }
        return copyPacked(reachability);
    }

    /** Copies everything, perhaps not for the first time: when something that was left out has been referred to. */
    private boolean copyPacked(Reachability reachability) throws IOException {
        if (++attempts > MAX_ATTEMPTS) {
            throw new IOException(path + " cannot be packed now: " + MAX_ATTEMPTS
                    + " times, objects that nothing referred to were referred to again meanwhile");
        }
        scannedEnd = old.published().end();
        source.refresh();
        reachability.follow(scannedEnd);
        PackOutput target = output(reachability);
        PackCopy copying = new PackCopy(source, reachability, target, control.removed());
        copy = copying;
        if (control.removed() != null) {
            control.removed().clear();
        }
        copying.copyPacked();
        if (target.position() == reachability.packEnd()) {
            LOG.info("{} has nothing that could be removed", path);
            return false;
        }
        TransactionHeader last = reachability.last();
        if (last != null && last.tid() != copying.lastWritten() && scannedEnd == reachability.packEnd()) {
            // So that the last transaction is the same afterwards.
            copying.keepEmpty(last);
        }
        copying.copyLater(scannedEnd, false);
        follow(copying);
        return true;
    }

    private PackOutput output(Reachability reachability) throws IOException {
        PackOutput target = output;
        if (target == null) {
            target = new PackOutput(disk.open(packPath(), Disk.Mode.REPLACE), control.pace());
            output = target;
        }
        target.restart();
        long bytes = reachability.maxPackedBytes() + scannedEnd - reachability.packEnd() + MAX_REST;
        try {
            target.file().reserve(bytes);
        } catch (NoSpaceException e) {
            NoSpaceException explained = new NoSpaceException(
                    packPath(), e.neededBytes(), e.availableBytes(), "to pack " + path + " (it stays as it is)");
            explained.initCause(e);
            throw explained;
        }
        return target;
    }

    /** Copies what has been written since, until hardly anything is left, and brings it to the disk. */
    private void follow(PackCopy copying) throws IOException {
        long end;
        int round = 0;
        do {
            end = old.published().end();
            source.refresh();
            copying.copyLater(end, true);
            Objects.requireNonNull(output).force();
        } while (!copying.isMissingGarbage() && old.published().end() - end > MAX_BEHIND && ++round < MAX_ROUNDS);
        if (!copying.isMissingGarbage()) {
            if (control.removed() != null) {
                control.removed().force();
            }
            IndexFile.write(
                    disk,
                    packIndexPath(),
                    copying.index(),
                    Objects.requireNonNull(output).position());
        }
    }

    @Override
    public boolean replace(boolean now) throws IOException {
        PackCopy copying = copy;
        if (copying == null || copying.isMissingGarbage()) {
            return false;
        }
        long indexedEnd = Objects.requireNonNull(output).position();
        long end = old.published().end();
        if (end - copying.position() > MAX_REST && !now) {
            return false;
        }
        source.refresh();
        copying.copyLater(end, true);
        if (copying.isMissingGarbage()) {
            return false;
        }
        PackOutput target = Objects.requireNonNull(output);
        target.force();
        if (control.removed() != null) {
            control.removed().complete();
        }
        log.replace(
                old,
                new FileLog.Replacement(
                        target.file(), packPath(), copying.index(), target.position(), packIndexPath(), indexedEnd));
        isReplaced = true;
        return true;
    }

    @Override
    public String report() {
        if (!isReplaced) {
            return path + " is as it was: " + lengthBefore + " objects, " + sizeBefore + " bytes";
        }
        return path + " had " + lengthBefore + " objects in " + sizeBefore + " bytes when the pack began, and has "
                + log.length() + " in " + log.size();
    }

    @Override
    public void close() throws IOException {
        try {
            PackOutput unused = output;
            if (unused != null && !log.uses(unused.file())) {
                unused.close();
                if (disk.exists(path)) {
                    disk.delete(packPath());
                    disk.delete(packIndexPath());
                }
                // Else the old file could not get its name back. It does when it is opened, because of the other one.
            }
        } finally {
            old.release();
        }
    }
}
