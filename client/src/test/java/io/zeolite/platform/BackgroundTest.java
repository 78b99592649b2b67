package io.zeolite.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class BackgroundTest {
    /** Of the fields behind the command's name, which ends with a parenthesis. */
    private static final int NICENESS_FIELD = 16;

    @Test
    @EnabledOnOs(OS.LINUX)
    void enter_lowersThePriorityOfTheCallingThreadOnly() throws Exception {
        int before = niceness();
        FutureTask<Integer> inside = new FutureTask<>(() -> {
            Background.enter();
            return niceness();
        });
        new Thread(inside).start();

        assertThat(inside.get()).isEqualTo(Math.min(before + 3, 19));
        assertThat(niceness()).isEqualTo(before);
    }

    static int niceness() throws IOException {
        String stat = Files.readString(Path.of("/proc/thread-self/stat"));
        return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[NICENESS_FIELD]);
    }
}
