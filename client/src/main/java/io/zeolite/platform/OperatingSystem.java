package io.zeolite.platform;

/** Which system this is. */
public final class OperatingSystem {
    /** Whether it is Linux, whatever its C library. */
    public static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");

    private OperatingSystem() {}
}
