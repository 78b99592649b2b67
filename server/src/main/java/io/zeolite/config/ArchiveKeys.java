package io.zeolite.config;

import io.zeolite.blob.tier.ArchivePolicy;
import io.zeolite.blob.tier.ArchivePolicy.Window;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.OwnedStore;
import io.zeolite.config.StorageConfig.Upkeep;
import io.zeolite.config.zconfig.ConfigException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The keys of {@code <s3blobs>} that say what the server does about the bucket by itself. */
final class ArchiveKeys {
    private static final int MOST_PARALLEL = 64;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    static final Key<Duration> ARCHIVE_AGE =
            Key.optional("archive-age", Datatypes.TIME_INTERVAL, "the server moves blobs to the bucket that are older");

    static final Key<Long> ARCHIVE_SIZE = Key.withDefault(
            "archive-size",
            Datatypes.byteSize(0, Long.MAX_VALUE),
            0L,
            "and have at least so many bytes, if archive-age is given");

    static final Key<Duration> ARCHIVE_INTERVAL = Key.withDefault(
            "archive-interval", Datatypes.POSITIVE_INTERVAL, Duration.ofHours(1), "how often it looks for such blobs");

    static final Key<Window> ARCHIVE_WINDOW = Key.optional(
            "archive-window",
            new Datatype<>("two times of the day, like 01:00-05:30", (text, environment) -> parseWindow(text)),
            "the time of the day in which it moves them");

    static final Key<Integer> ARCHIVE_DISK_PERCENT = Key.optional(
            "archive-disk-percent",
            Datatypes.integer(1, 99),
            "it moves them only while the disk of the blob directory is fuller than this");

    static final Key<Long> ARCHIVE_RATE = Key.withDefault(
            "archive-rate",
            Datatypes.byteSize(0, Long.MAX_VALUE),
            20L << 20,
            "how many bytes a second it moves, on the average; 0 for no limit");

    static final Key<Integer> ARCHIVE_PARALLEL = Key.withDefault(
            "archive-parallel", Datatypes.integer(1, MOST_PARALLEL), 2, "how many blobs it moves at a time");

    static final Key<Duration> GC_GRACE = Key.withDefault(
            "gc-grace",
            Datatypes.TIME_INTERVAL,
            Duration.ofDays(7),
            "how long objects stay in the bucket that a pack has made superfluous");

    static final Key<String> BUCKET_TAKEOVER = Key.optional(
            "bucket-takeover", Datatypes.STRING, "the id of the database that owned the bucket before, or unowned");

    static final List<Key<?>> ALL = List.of(
            ARCHIVE_AGE,
            ARCHIVE_SIZE,
            ARCHIVE_INTERVAL,
            ARCHIVE_WINDOW,
            ARCHIVE_DISK_PERCENT,
            ARCHIVE_RATE,
            ARCHIVE_PARALLEL,
            GC_GRACE,
            BUCKET_TAKEOVER);

    private ArchiveKeys() {}

    private static @Nullable Window parseWindow(String text) {
        String[] times = text.split("-", -1);
        if (times.length != 2) {
            return null;
        }
        try {
            return new Window(LocalTime.parse(times[0].strip()), LocalTime.parse(times[1].strip()));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** @throws ConfigException if they contradict each other */
    static Upkeep read(Values values, boolean readOnlyBucket) throws ConfigException {
        String takeover = values.find(BUCKET_TAKEOVER);
        if (takeover != null
                && !takeover.equals(OwnedStore.UNOWNED)
                && !ID.matcher(takeover).matches()) {
            throw new ConfigException(
                    values.position(BUCKET_TAKEOVER),
                    "bucket-takeover: \"" + takeover + "\" (expected " + OwnedStore.UNOWNED
                            + ", or the id that the server's message names)");
        }
        if (readOnlyBucket) {
            for (Key<?> key : List.of(ARCHIVE_AGE, BUCKET_TAKEOVER)) {
                if (values.has(key)) {
                    throw new ConfigException(
                            values.position(key), key.name() + " and read-only-bucket true (expected one of them)");
                }
            }
            return Upkeep.NONE;
        }
        Duration age = values.find(ARCHIVE_AGE);
        ArchivePolicy policy = age == null
                ? null
                : new ArchivePolicy(
                        age,
                        values.get(ARCHIVE_SIZE),
                        values.get(ARCHIVE_INTERVAL),
                        values.find(ARCHIVE_WINDOW),
                        values.find(ARCHIVE_DISK_PERCENT),
                        new Effort(values.get(ARCHIVE_PARALLEL), values.get(ARCHIVE_RATE)));
        return new Upkeep(policy, values.get(GC_GRACE), takeover);
    }
}
