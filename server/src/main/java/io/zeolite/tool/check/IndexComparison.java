package io.zeolite.tool.check;

import io.zeolite.disk.Disk;
import io.zeolite.disk.UnreadableException;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.storage.index.MalformedIndexException;
import io.zeolite.storage.index.PositionIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The index file against the index that the walk makes, at the place up to which the file covers the data. */
final class IndexComparison {
    private final Path path;
    private final Findings findings;
    private final IndexFile.Contents contents;
    private boolean compared;

    private IndexComparison(Path path, Findings findings, IndexFile.Contents contents) {
        this.path = path;
        this.findings = findings;
        this.contents = contents;
    }

    /** Reads an index file; null if there is none that can be read, which is noted. */
    static @Nullable IndexComparison read(Disk disk, Path path, Findings findings) throws IOException {
        try {
            Optional<IndexFile.Contents> contents = IndexFile.read(disk, path);
            return contents.isPresent() ? new IndexComparison(path, findings, contents.get()) : null;
        } catch (MalformedIndexException | UnreadableException e) {
            findings.add(new Problem(Kind.INDEX_UNUSABLE, null, null, null, String.valueOf(e.getMessage())));
            return null;
        }
    }

    /** The walk is at the start of a transaction, and has made the index of everything before it. */
    void at(long position, PositionIndex index) throws IOException {
        if (!compared && position >= contents.end()) {
            compared = true;
            if (position > contents.end()) {
                unusable("no transaction ends at " + contents.end() + ", up to which it covers the data file");
            } else {
                compare(index);
            }
        }
    }

    /** The walk is at its end. */
    void end(long position, PositionIndex index) throws IOException {
        at(position, index);
        if (!compared) {
            unusable("it covers " + contents.end() + " bytes (expected: at most " + position
                    + ", where the committed part of the data file ends)");
        }
    }

    private void unusable(String what) throws IOException {
        findings.add(new Problem(
                Kind.INDEX_UNUSABLE, null, null, null, path + " does not belong to the data file: " + what));
    }

    private void compare(PositionIndex index) throws IOException {
        contents.index().<IOException>forEach((oid, position) -> {
            if (index.get(oid) != position) {
                different(oid, position, index.get(oid));
            }
        });
        index.<IOException>forEach((oid, position) -> {
            if (contents.index().get(oid) == 0) {
                different(oid, 0, position);
            }
        });
    }

    private void different(long oid, long found, long expected) throws IOException {
        findings.add(new Problem(
                Kind.INDEX,
                expected == 0 ? null : (Long) expected,
                oid,
                null,
                path + " has position " + found + " for the object (expected: " + (expected == 0 ? "none" : expected)
                        + ")"));
    }
}
