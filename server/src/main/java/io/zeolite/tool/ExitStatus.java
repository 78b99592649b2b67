package io.zeolite.tool;

/**
 * How tools end. Those that look for something wrong ({@code check}, {@code status}) use the four numbers that monitors
 * like Nagios understand, for all others there are {@link #OK}, {@link #FAILED} and {@link #USAGE}.
 */
public final class ExitStatus {
    public static final int OK = 0;

    /** It could not be done. */
    public static final int FAILED = 1;

    /** What the user wrote makes no sense. */
    public static final int USAGE = 2;

    /** It was done, and something was lost: {@code recover} only. */
    public static final int LOST = 3;

    /** A monitor's: something that somebody should look at some time. */
    public static final int WARNING = 1;

    /** A monitor's: something is wrong. */
    public static final int CRITICAL = 2;

    /** A monitor's: whether anything is wrong could not be found out. */
    public static final int UNKNOWN = 3;

    private ExitStatus() {}

    /** The word that monitors have for a status. */
    public static String monitorWord(int status) {
        return switch (status) {
            case OK -> "OK";
            case WARNING -> "WARNING";
            case CRITICAL -> "CRITICAL";
            default -> "UNKNOWN";
        };
    }
}
