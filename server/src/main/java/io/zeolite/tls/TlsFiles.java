package io.zeolite.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the files of the settings hold at one time, to see whether they change. Times of files are not enough: links are
 * swapped, and files are copied with their times.
 *
 * @param contents the hash of each file, or why there is none
 */
record TlsFiles(Map<Path, String> contents) {
    static TlsFiles of(TlsSettings settings) {
        Map<Path, String> contents = new LinkedHashMap<>();
        add(settings.certificate(), contents);
        add(settings.key(), contents);
        add(settings.password().file(), contents);
        Path authenticate = settings.authenticate();
        if (authenticate != null && Files.isDirectory(authenticate)) {
            try {
                ClientTrust.hashedFiles(authenticate).forEach(file -> add(file, contents));
            } catch (IOException e) {
                contents.put(authenticate, e.toString());
            }
        } else {
            add(authenticate, contents);
        }
        return new TlsFiles(contents);
    }

    private static void add(@Nullable Path file, Map<Path, String> contents) {
        if (file != null) {
            contents.put(file, hash(file));
        }
    }

    private static String hash(Path file) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return HexFormat.of().formatHex(hash);
        } catch (IOException e) {
            return e.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
