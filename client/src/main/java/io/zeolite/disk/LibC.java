package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import io.zeolite.platform.NativeCalls;
import io.zeolite.platform.OperatingSystem;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Calls of the C library that Java does not offer. Touching this class loads JNA, which takes a noticeable part of the
 * time to start, so it is touched only when one of the calls is wanted. A call that fails throws with its errno.
 */
final class LibC {
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int LOCK_SH = 1;
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;
    static final int LOCK_UN = 8;

    static final int ENOENT = 2;
    static final int EINTR = 4;

    static final int O_CLOEXEC = OperatingSystem.LINUX ? 0x80000 : 0x1000000;
    static final int EWOULDBLOCK = OperatingSystem.LINUX ? 11 : 35;

    static {
        NativeCalls.bind(LibC.class);
    }

    private LibC() {}

    /** Does nothing but initialize this class. */
    static void load() {}

    /** @param path as {@link #nativePath} gives it */
    static native int open(byte[] path, int flags) throws LastErrorException;

    static native int close(int fd) throws LastErrorException;

    static native int flock(int fd, int operation) throws LastErrorException;

    /** A path as Java itself hands it to the system: in the encoding of file names, with a zero byte at the end. */
    static byte[] nativePath(Path path) {
        String encoding = System.getProperty("sun.jnu.encoding");
        Charset charset = encoding == null ? StandardCharsets.UTF_8 : Charset.forName(encoding);
        byte[] bytes = path.toString().getBytes(charset);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }
}
