package io.zeolite.disk;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives mapped memory back at once. The JDK does so when it collects the buffer, which may be days later, and as long
 * as that a file that was deleted keeps its room on the disk.
 */
final class Unmapping {
    private static final Logger LOG = LoggerFactory.getLogger(Unmapping.class);

    private static @Nullable Object unsafe;
    private static @Nullable Method invokeCleaner;

    static {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field field = type.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            unsafe = field.get(null);
            invokeCleaner = type.getMethod("invokeCleaner", ByteBuffer.class);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.warn(
                    "mapped files cannot be given back at once, but when the JVM collects its garbage: {}",
                    e.toString());
        }
    }

    private Unmapping() {}

    /**
     * @param buffer which nobody may touch any more: that would end the process
     * @return whether it was possible
     */
    static boolean unmap(MappedByteBuffer buffer) {
        Method method = invokeCleaner;
        if (method == null) {
            return false;
        }
        try {
            method.invoke(unsafe, buffer);
            return true;
        } catch (ReflectiveOperationException e) {
            LOG.warn("a mapped file could not be given back: {}", e.toString());
            return false;
        }
    }
}
