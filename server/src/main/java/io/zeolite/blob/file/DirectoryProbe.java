package io.zeolite.blob.file;

import static io.zeolite.blob.BucketFinding.error;
import static io.zeolite.blob.BucketFinding.ok;
import static io.zeolite.blob.BucketFinding.warning;

import io.zeolite.blob.BucketFinding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Tries whether a directory can play a bucket. */
public final class DirectoryProbe {
    private static final String KEY = ".zeolite-check";

    private final Path root;
    private final boolean readOnly;
    private final Consumer<BucketFinding> report;

    /**
     * @param readOnly whether it is only to be read
     * @param report is told of each finding as it comes
     */
    public DirectoryProbe(Path root, boolean readOnly, Consumer<BucketFinding> report) {
        this.root = root;
        this.readOnly = readOnly;
        this.report = report;
    }

    public void run() throws IOException {
        if (!Files.isDirectory(root)) {
            report.accept(error(
                    "directory", "there is no directory " + root, "mount it, or create it before it is used first"));
            return;
        }
        report.accept(
                Files.isReadable(root)
                        ? ok("reading", "allowed, " + root)
                        : error("reading", "no permission to read " + root, "give it to the server's user"));
        if (readOnly) {
            report.accept(
                    Files.isWritable(root)
                            ? warning(
                                    "writing",
                                    "possible, though read-only-bucket is on",
                                    "mount it read-only for this copy")
                            : ok("writing", "denied, as it should be for read-only-bucket"));
        } else {
            write();
            report.accept(ok(
                    "room",
                    (Files.getFileStore(root).getUsableSpace() >> 20) + " MB free on "
                            + Files.getFileStore(root).name()));
        }
    }

    private void write() throws IOException {
        Path file = Files.createTempFile("zeolite-check-", ".tmp");
        try (DirectoryStore store = new DirectoryStore(root)) {
            byte[] content = "Zeolite tries whether it can write here.\n".getBytes(StandardCharsets.US_ASCII);
            Files.write(file, content);
            store.put(KEY, file, 0, "text/plain");
            boolean same = Files.mismatch(file, root.resolve(KEY)) < 0;
            store.delete(KEY);
            report.accept(
                    same
                            ? ok("writing and deleting", "allowed")
                            : error("writing", "what was written reads differently", "check the file system"));
        } catch (IOException e) {
            report.accept(error("writing", "" + e.getMessage(), "give the server's user permission to write there"));
        } finally {
            Files.delete(file);
        }
    }
}
