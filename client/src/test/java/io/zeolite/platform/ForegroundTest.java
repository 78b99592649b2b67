package io.zeolite.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(
        value = OS.LINUX,
        architectures = {"amd64", "aarch64", "riscv64"})
final class ForegroundTest {
    private static final Duration SLICE = Duration.ofNanos(300_000);
    private static final Path SCHEDULING = Path.of("/proc/thread-self/sched");
    private static final Pattern SLICE_LINE = Pattern.compile("(?m)^se\\.slice\\s*:\\s*(\\d+)$");
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

    @Test
    void factory_itsThreadsHaveTheSlice_andThoseThatTheyStartHaveNot() throws Exception {
        assumeTrue(kernelIsAtLeast(6, 12), "an older Linux has the same slice for all");
        assumeTrue(Files.exists(SCHEDULING), "this Linux does not show what slice a thread has");
        assumeTrue(BackgroundTest.niceness() >= 0, "threads of a raised priority are left alone");
        long usual = slice();
        FutureTask<List<Long>> slices = new FutureTask<>(() -> {
            FutureTask<Long> child = new FutureTask<>(ForegroundTest::slice);
            new Thread(child).start();
            return List.of(slice(), child.get());
        });
        Foreground.factory(Executors.defaultThreadFactory(), SLICE)
                .newThread(slices)
                .start();

        assertThat(slices.get()).containsExactly(SLICE.toNanos(), usual);
        assertThat(slice()).isEqualTo(usual);
    }

    private static long slice() throws IOException {
        String scheduling = Files.readString(SCHEDULING);
        Matcher line = SLICE_LINE.matcher(scheduling);
        assertThat(line.find()).as(scheduling).isTrue();
        return Long.parseLong(line.group(1));
    }

    private static boolean kernelIsAtLeast(int major, int minor) {
        Matcher version = VERSION.matcher(System.getProperty("os.version"));
        if (!version.matches()) {
            return false;
        }
        int found = Integer.parseInt(version.group(1));
        return found > major || (found == major && Integer.parseInt(version.group(2)) >= minor);
    }
}
