package io.zeolite.disk;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** Binds native methods to the C library that the JVM itself has loaded. */
final class NativeCalls {
    private static final String LIBRARY_PATH = "jna.platform.library.path";

    private NativeCalls() {}

    static void bind(Class<?> type) {
        if (System.getProperty(LIBRARY_PATH) == null) {
            // Otherwise JNA runs ldconfig to learn where libraries are, although none has to be found.
            System.setProperty(LIBRARY_PATH, "");
        }
        Native.register(type, NativeLibrary.getProcess());
    }
}
