package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import io.zeolite.platform.NativeCalls;

/** Linux's call to begin writing a part of a file. It is alone because not every C library has it. */
final class LinuxWriteBack {
    /** Begins, and does not wait. */
    static final int SYNC_FILE_RANGE_WRITE = 2;

    static {
        NativeCalls.bind(LinuxWriteBack.class);
    }

    private LinuxWriteBack() {}

    static native int sync_file_range(int fd, long offset, long length, int flags) throws LastErrorException;
}
