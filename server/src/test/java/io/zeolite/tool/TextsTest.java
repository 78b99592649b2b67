package io.zeolite.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextsTest {
    @ParameterizedTest
    @CsvSource({"0,0 bytes", "1023,1023 bytes", "1024,1.0 KB", "1572864,1.5 MB", "9223372036854775807,8192.0 PB"})
    void bytes_inTheUnitThatFits(long count, String text) {
        assertThat(Texts.bytes(count)).isEqualTo(text);
    }

    @Test
    void quoted_whatATerminalWouldObey_isEscaped() {
        assertThat(Texts.quoted("a\"b\\c\n\u001b[31m\ud800")).isEqualTo("\"a\\\"b\\\\c\\n\\u001b[31m\\ud800\"");
    }

    @Test
    void progress_onATerminal_isOneLineThatGoes() {
        ToolOutput output = new ToolOutput();
        try (Progress progress = new Progress(output.console(true), "packing", 0)) {
            progress.say("1 s");
        }
        assertThat(output.errors()).isEqualTo("\r\033[Kpacking (1 s)\r\033[K");
        assertThat(output.text()).isEmpty();
    }

    @Test
    void progress_elsewhere_isNothing() {
        ToolOutput output = new ToolOutput();
        try (Progress progress = new Progress(output.console(), "packing", 10)) {
            progress.say("1 s");
            progress.update(5);
        }
        assertThat(output.errors()).isEmpty();
    }
}
