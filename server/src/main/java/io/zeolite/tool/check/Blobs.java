package io.zeolite.tool.check;

import io.zeolite.blob.directory.BlobFiles;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files of a blob directory against the records of blobs. */
final class Blobs {
    private final BlobFiles files;
    private final Revisions revisions;
    private final Findings findings;
    private final long lastTid;

    /**
     * @param revisions of blobs that the data file has
     * @param lastTid the last transaction that was looked at: of later ones there may be files
     */
    Blobs(Path directory, Revisions revisions, Findings findings, long lastTid) throws IOException {
        this.files = new BlobFiles(directory);
        this.revisions = revisions;
        this.findings = findings;
        this.lastTid = lastTid;
    }

    void check() throws IOException {
        files.forEach(new BlobFiles.Visitor() {
            @Override
            public void file(long oid, long tid, Path path) throws IOException {
                if (!revisions.tick(oid, tid) && !Tid.isAfter(tid, lastTid)) {
                    findings.add(new Problem(
                            Kind.STRAY_BLOB, null, oid, tid, path + " belongs to no blob of the data file"));
                }
            }

            @Override
            public void stray(Path path) throws IOException {
                findings.add(new Problem(Kind.STRAY_BLOB, null, null, null, path + " is not the name of a blob"));
            }
        });
        revisions.forEachLeft((oid, tid) -> {
            Path path = files.path(oid, tid);
            if (!Files.exists(path)) {
                findings.add(new Problem(Kind.MISSING_BLOB, null, oid, tid, "there is no " + path));
            }
        });
    }
}
