package io.zeolite.platform;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** Binds native methods to the C library that the JVM itself has loaded. */
public final class NativeCalls {
    private static final String LIBRARY_PATH = "jna.platform.library.path";

    private NativeCalls() {}

    /** @param type its native methods are bound, to functions of the same names */
    public static void bind(Class<?> type) {
        if (System.getProperty(LIBRARY_PATH) == null) {
            // Otherwise JNA runs ldconfig to learn where libraries are, although none has to be found.
            System.setProperty(LIBRARY_PATH, "");
        }
        Native.register(type, NativeLibrary.getProcess());
    }
}
