package io.zeolite.tool.blobs;

import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.Texts;
import io.zeolite.tool.blobs.BlobTable.Blob;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@code zeolite blob-stats}: how many blobs there are, how large, how old, where, of what, and how they become more. */
public final class Stats {
    private static final DateTimeFormatter MONTH =
            DateTimeFormatter.ofPattern("yyyy-MM", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final long[] SIZES = {10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20, 1L << 30};
    private static final int[] AGE_DAYS = {1, 7, 30, 90, 365, 2 * 365, 5 * 365};

    private final Site site;
    private final boolean json;
    private final Instant now;
    private final Console console;

    /** A number of blobs and their bytes. */
    static final class Sum {
        private long count;
        private long bytes;

        void add(long size) {
            count++;
            bytes += size;
        }

        long count() {
            return count;
        }

        long bytes() {
            return bytes;
        }
    }

    /** A way to sort blobs: the name that scripts know it by, a title, and the sums by their labels, in the order to show. */
    record Breakdown(String name, String title, Map<String, Sum> sums) {}

    public Stats(Site site, Instant now, boolean json, Console console) {
        this.site = site;
        this.now = now;
        this.json = json;
        this.console = console;
    }

    /**
     * Finds out and shows.
     *
     * @return {@link ExitStatus#FAILED} if the data file cannot be read in full
     */
    public int run() throws IOException {
        Map<Long, String> referrers = new HashMap<>();
        Inventory inventory = new Inventory(site, console);
        // The other way around, what is committed meanwhile would be missing.
        List<String> damages = inventory.readData((oid, className) -> referrers.put(oid, className.intern()));
        inventory.scanBlobDirectory();
        inventory.listBucket();
        inventory.scanCache();
        for (String damage : damages) {
            console.err().println("ERROR " + damage);
        }
        List<Blob> blobs = new ArrayList<>();
        Sum orphans = new Sum();
        inventory.table().forEach(blob -> {
            if (blob.recorded()) {
                blobs.add(blob);
            } else if (blob.isStored()) {
                orphans.add(blob.stored());
            }
        });
        Sum total = new Sum();
        blobs.forEach(blob -> total.add(size(blob)));
        List<Breakdown> breakdowns =
                List.of(byTier(blobs, orphans), bySize(blobs), byAge(blobs), byClass(blobs, referrers), byMonth(blobs));
        StatsReport report = new StatsReport(site.name(), total, breakdowns);
        if (json) {
            report.write(console.out());
        } else {
            report.print(console.out());
        }
        return damages.isEmpty() ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private static long size(Blob blob) {
        return Math.max(0, blob.size());
    }

    private static void add(Map<String, Sum> sums, String label, long size) {
        sums.computeIfAbsent(label, missing -> new Sum()).add(size);
    }

    private static Map<String, Sum> withLabels(List<String> labels) {
        Map<String, Sum> sums = new LinkedHashMap<>();
        labels.forEach(label -> sums.put(label, new Sum()));
        return sums;
    }

    private static Breakdown byTier(List<Blob> blobs, Sum orphans) {
        Map<String, Sum> sums =
                withLabels(List.of("only local", "local and bucket", "only bucket", "only cache", "missing"));
        for (Blob blob : blobs) {
            String tier = blob.isLocal()
                    ? (blob.isStored() ? "local and bucket" : "only local")
                    : blob.isStored() ? "only bucket" : blob.isCached() ? "only cache" : "missing";
            add(sums, tier, size(blob));
            if (blob.isCached()) {
                add(sums, "(cached)", blob.cached());
            }
        }
        if (orphans.count() > 0) {
            sums.put("(orphans in the bucket)", orphans);
        }
        return new Breakdown("tiers", "Where they are", sums);
    }

    private static Breakdown bySize(List<Blob> blobs) {
        List<String> labels = new ArrayList<>();
        for (long size : SIZES) {
            labels.add("up to " + Texts.bytes(size).replace(".0", ""));
        }
        labels.add("larger");
        Map<String, Sum> sums = withLabels(labels);
        for (Blob blob : blobs) {
            int i = 0;
            while (i < SIZES.length && size(blob) > SIZES[i]) {
                i++;
            }
            add(sums, labels.get(i), size(blob));
        }
        return new Breakdown("sizes", "By size", sums);
    }

    private Breakdown byAge(List<Blob> blobs) {
        List<String> labels = new ArrayList<>();
        for (int days : AGE_DAYS) {
            labels.add(days < 365 ? "up to " + Texts.count(days, "day") : "up to " + Texts.count(days / 365, "year"));
        }
        labels.add("older");
        Map<String, Sum> sums = withLabels(labels);
        for (Blob blob : blobs) {
            long days = Duration.between(TimeStamp.toInstant(blob.tid()), now).toDays();
            int i = 0;
            while (i < AGE_DAYS.length && days >= AGE_DAYS[i]) {
                i++;
            }
            add(sums, labels.get(i), size(blob));
        }
        return new Breakdown("ages", "By age", sums);
    }

    /** By what refers to them: all blobs are of one class themselves. */
    private static Breakdown byClass(List<Blob> blobs, Map<Long, String> referrers) {
        Map<String, Sum> sums = new HashMap<>();
        for (Blob blob : blobs) {
            add(sums, referrers.getOrDefault(blob.oid(), "(nothing refers to it)"), size(blob));
        }
        Map<String, Sum> sorted = new LinkedHashMap<>();
        sums.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Sum> entry) ->
                                entry.getValue().bytes())
                        .reversed())
                .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return new Breakdown("classes", "By the class of what refers to them", sorted);
    }

    private static Breakdown byMonth(List<Blob> blobs) {
        Map<String, Sum> sums = new TreeMap<>();
        for (Blob blob : blobs) {
            add(sums, MONTH.format(TimeStamp.toInstant(blob.tid())), size(blob));
        }
        return new Breakdown("months", "New in each month", sums);
    }
}
