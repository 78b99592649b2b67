package io.zeolite.blob.file;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.NewFile;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A directory in the place of a bucket: a large slow disk, or one that other machines mount too. A key is the path of a
 * file below it. Files are written beside their names and renamed, so a name stands for a complete file on the disk.
 */
public final class DirectoryStore implements BlobStore {
    private static final String UNFINISHED = ".zeolite-unfinished";

    private final Path root;
    private final String name;

    /** @param root created by the first object that is written; must be there before it is read */
    public DirectoryStore(Path root) {
        this.root = root.toAbsolutePath().normalize();
        // Java puts the slash at the end of directories that are there.
        String uri = this.root.toUri().toString();
        this.name = uri.endsWith("/") ? uri : uri + "/";
    }

    @Override
    public String name() {
        return name;
    }

    /** The path as people write it. */
    @Override
    public String place() {
        return root.toString();
    }

    private Path path(String key) throws StoreException {
        Path path = root.resolve(key).normalize();
        if (key.isEmpty() || key.startsWith("/") || !path.startsWith(root) || path.equals(root)) {
            throw new StoreException(
                    Reason.REFUSED, name() + ": '" + key + "' is no key (expected: a relative path)", null);
        }
        return path;
    }

    private StoreException failure(String what, String key, IOException e) {
        Reason reason;
        if (e instanceof NoSuchFileException) {
            // A file system that is not mounted looks like one without files. Nothing may be concluded from that.
            reason = Files.isDirectory(root) ? Reason.NOT_FOUND : Reason.UNAVAILABLE;
        } else {
            reason = e instanceof AccessDeniedException ? Reason.DENIED : Reason.UNAVAILABLE;
        }
        String said = reason == Reason.NOT_FOUND ? "no such file" : e.toString();
        if (Files.notExists(root)) {
            said = "the directory is not there (mount it, or create it)";
        }
        return new StoreException(reason, "cannot " + what + " " + name() + key + ": " + said, e);
    }

    @Override
    public StoredObject stat(String key) throws StoreException {
        Path path = path(key);
        try {
            return object(key, path);
        } catch (IOException e) {
            throw failure("look at", key, e);
        }
    }

    private static StoredObject object(String key, Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new NoSuchFileException(path.toString(), null, "not a file");
        }
        return object(key, attributes);
    }

    private static StoredObject object(String key, BasicFileAttributes attributes) {
        String version =
                attributes.size() + "-" + attributes.lastModifiedTime().toInstant() + "-" + attributes.fileKey();
        return new StoredObject(
                key, attributes.size(), version, attributes.lastModifiedTime().toInstant(), null);
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        Path path = path(key);
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            boolean opened = false;
            try {
                StoredObject object = object(key, path);
                if (version != null && !version.equals(object.version())) {
                    throw new StoreException(
                            Reason.CHANGED,
                            name() + key + " has changed: " + object.version() + " (expected: " + version + ")",
                            null);
                }
                channel.position(offset);
                opened = true;
                return new Content(object, channel);
            } finally {
                if (!opened) {
                    channel.close();
                }
            }
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw failure("read", key, e);
        }
    }

    private record Content(StoredObject object, FileChannel channel) implements StoredContent {
        @Override
        public int read(ByteBuffer buffer) throws IOException {
            return channel.read(buffer);
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        Path path = path(key);
        Path directory = Objects.requireNonNull(path.getParent());
        Path unfinished = unfinished(path);
        try {
            Files.createDirectories(directory);
            try {
                Files.copy(file, unfinished, StandardCopyOption.REPLACE_EXISTING, LinkOption.NOFOLLOW_LINKS);
                NewFile.force(unfinished);
                Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unfinished);
            }
            for (Path above = directory; above != null && above.startsWith(root); above = above.getParent()) {
                NewFile.force(above);
            }
            return object(key, path);
        } catch (IOException e) {
            if (e instanceof NoSuchFileException missing && file.toString().equals(missing.getFile())) {
                // A pack has removed it perhaps, which is no failure of the store.
                throw missing;
            }
            throw failure("write", key, e);
        }
    }

    private static Path unfinished(Path path) {
        return path.resolveSibling(path.getFileName() + "."
                + ProcessHandle.current().pid() + "-" + Thread.currentThread().getId() + UNFINISHED);
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        Path path = path(key);
        Path directory = Objects.requireNonNull(path.getParent());
        Path unfinished = unfinished(path);
        try {
            Files.createDirectories(directory);
            try {
                Files.write(unfinished, content);
                NewFile.force(unfinished);
                NewFile.nameUnlessTaken(unfinished, path);
            } finally {
                Files.deleteIfExists(unfinished);
            }
            NewFile.force(directory);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw failure("write", key, e);
        }
    }

    @Override
    public boolean mayWrite() {
        return Files.isWritable(root);
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        if (!Files.isDirectory(root)) {
            throw failure("list", start, new NoSuchFileException(root.toString()));
        }
        boolean[] empty = {true};
        try {
            forEachFile(root, (file, attributes) -> {
                empty[0] = !isObject(root.relativize(file).toString(), start);
                return empty[0] ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
            });
        } catch (IOException e) {
            throw failure("list", start, e);
        }
        return empty[0];
    }

    private static boolean isObject(String key, String start) {
        return key.startsWith(start) && !key.endsWith(UNFINISHED);
    }

    /** What is done with a file that is there. */
    private interface Visit {
        FileVisitResult of(Path file, BasicFileAttributes attributes) throws IOException;
    }

    /** Visits files below a directory, in no particular order. What comes or goes meanwhile may be missed. */
    private static void forEachFile(Path directory, Visit visit) throws IOException {
        // The walk follows no links, and the directory may be one.
        Path start = directory.toRealPath();
        Files.walkFileTree(start, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                try {
                    BasicFileAttributes target = attributes.isSymbolicLink()
                            ? Files.readAttributes(file, BasicFileAttributes.class)
                            : attributes;
                    return target.isRegularFile()
                            ? visit.of(directory.resolve(start.relativize(file)), target)
                            : FileVisitResult.CONTINUE;
                } catch (NoSuchFileException e) {
                    return FileVisitResult.CONTINUE;
                }
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException && !file.equals(start)) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
    }

    /** Removes what those have left who were killed while they wrote. */
    @Override
    public int abortStaleUploads(Instant before) throws StoreException {
        int[] count = {0};
        try {
            forEachFile(root, (file, attributes) -> {
                if (file.toString().endsWith(UNFINISHED)
                        && attributes.lastModifiedTime().toInstant().isBefore(before)) {
                    Files.deleteIfExists(file);
                    count[0]++;
                }
                return FileVisitResult.CONTINUE;
            });
        } catch (IOException e) {
            throw failure("remove what is unfinished in", "", e);
        }
        return count[0];
    }

    @Override
    public boolean isWrittenInParts(long size) {
        return false;
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType)
            throws StoreException, IOException {
        return put(key, file, crc32c, contentType);
    }

    @Override
    public void delete(String key) throws StoreException {
        Path path = path(key);
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure("delete", key, e);
        }
    }

    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        Path from = start.contains("/") ? root.resolve(start.substring(0, start.lastIndexOf('/'))) : root;
        if (Files.isDirectory(root) && !Files.isDirectory(from)) {
            return Optional.empty();
        }
        try {
            forEachFile(from, (file, attributes) -> {
                String key = root.relativize(file).toString();
                if (isObject(key, start)) {
                    each.accept(object(key, attributes));
                }
                return FileVisitResult.CONTINUE;
            });
        } catch (IOException e) {
            throw failure("list", start, e);
        }
        return Optional.empty();
    }

    @Override
    public void close() {}
}
