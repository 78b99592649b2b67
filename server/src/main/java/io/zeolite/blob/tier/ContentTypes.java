package io.zeolite.blob.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tells the media type of a file by its first bytes, where they tell it. Nothing that a browser would run is told. */
final class ContentTypes {
    static final String UNKNOWN = "application/octet-stream";

    private static final int HEAD_BYTES = 16;

    /** What files start with; a dot stands for any byte. In ISO 8859-1, so that a character is a byte. */
    private static final Map<String, String> STARTS = new LinkedHashMap<>();

    static {
        STARTS.put("\u00ff\u00d8\u00ff", "image/jpeg");
        STARTS.put("\u0089PNG\r\n\u001a\n", "image/png");
        STARTS.put("GIF87a", "image/gif");
        STARTS.put("GIF89a", "image/gif");
        STARTS.put("RIFF....WEBP", "image/webp");
        STARTS.put("RIFF....WAVE", "audio/wav");
        STARTS.put("RIFF....AVI ", "video/x-msvideo");
        STARTS.put("....ftypavif", "image/avif");
        STARTS.put("....ftypheic", "image/heic");
        STARTS.put("....ftypM4A ", "audio/mp4");
        STARTS.put("....ftypqt  ", "video/quicktime");
        STARTS.put("....ftyp", "video/mp4");
        STARTS.put("II*\u0000", "image/tiff");
        STARTS.put("MM\u0000*", "image/tiff");
        STARTS.put("%PDF-", "application/pdf");
        STARTS.put("\u001aE\u00df\u00a3", "video/webm");
        STARTS.put("OggS", "application/ogg");
        STARTS.put("ID3", "audio/mpeg");
        STARTS.put("fLaC", "audio/flac");
        STARTS.put("PK\u0003\u0004", "application/zip");
        STARTS.put("\u001f\u008b", "application/gzip");
        STARTS.put("7z\u00bc\u00af'\u001c", "application/x-7z-compressed");
        STARTS.put("{\\rtf", "application/rtf");
    }

    private ContentTypes() {}

    static String of(Path file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (head.hasRemaining() && channel.read(head) >= 0) {
                // Until they are there, or the file ends.
            }
        }
        return of(new String(head.array(), 0, head.position(), StandardCharsets.ISO_8859_1));
    }

    private static String of(String head) {
        for (Map.Entry<String, String> entry : STARTS.entrySet()) {
            if (startsWith(head, entry.getKey())) {
                return entry.getValue();
            }
        }
        return UNKNOWN;
    }

    private static boolean startsWith(String head, String start) {
        if (head.length() < start.length()) {
            return false;
        }
        for (int i = 0; i < start.length(); i++) {
            if (start.charAt(i) != '.' && start.charAt(i) != head.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
