package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import io.zeolite.platform.NativeCalls;

/** Linux's calls about room on the disk. They are apart from {@link LibC} because other systems do not have them all. */
final class LinuxSpace {
    static final int FALLOC_FL_KEEP_SIZE = 1;

    static final int SEEK_END = 2;

    static final int EFBIG = 27;
    static final int ENOSPC = 28;
    static final int ENOSYS = 38;
    static final int EOPNOTSUPP = 95;
    static final int EDQUOT = 122;

    private static final int RLIMIT_FSIZE = 1;

    static {
        NativeCalls.bind(LinuxSpace.class);
    }

    private LinuxSpace() {}

    static native int fallocate(int fd, int mode, long offset, long length) throws LastErrorException;

    static native int ftruncate(int fd, long length) throws LastErrorException;

    static native long lseek(int fd, long offset, int whence) throws LastErrorException;

    private static native int getrlimit(int resource, long[] limits) throws LastErrorException;

    /** How long a file of this process may become ({@code ulimit -f}); the largest {@code long} if there is no limit. */
    static long maxFileSize() {
        long[] limits = new long[2];
        getrlimit(RLIMIT_FSIZE, limits);
        return limits[0] < 0 ? Long.MAX_VALUE : limits[0];
    }
}
