package io.zeolite.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ProgressBarTest {
    private final ToolOutput output = new ToolOutput();

    @Test
    void line_halfDone_saysHowFastAndHowLong() {
        try (ProgressBar bar = new ProgressBar(output.console(true), "archiving", 4, 400 << 20)) {
            bar.add(1, 200 << 20);
            assertThat(bar.line(100))
                    .isEqualTo("archiving [############------------] 50 %, 1 of 4 blobs, 200.0 MB of 400.0 MB,"
                            + " 2.0 MB/s, 1 min 40 s left");
        }
        assertThat(output.errors()).startsWith("\r\033[Karchiving [").endsWith("\r\033[K");
        assertThat(output.text()).isEmpty();
    }

    @Test
    void add_withoutATerminal_printsNothing() {
        try (ProgressBar bar = new ProgressBar(output.console(), "archiving", 1, 0)) {
            bar.add(1, 0);
            bar.say("FAILED something");
            assertThat(bar.line(1)).contains("[########################] 100 %, 1 of 1 blob");
        }
        assertThat(output.errors()).isEmpty();
        assertThat(output.lines()).containsExactly("FAILED something");
    }
}
