package io.zeolite.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void pythonValues_asJson_comeBack() throws IOException {
        ToolOutput output = new ToolOutput();
        PyDict dict = new PyDict()
                .put("text", "a\u00e9\ud83d\ude00")
                .put("bytes", "\u00e9".getBytes(StandardCharsets.UTF_8))
                .put("tuple", PyTuple.of(1L, null, true))
                .put("time", 1795539603.520869)
                .put(7L, List.of(-1L));
        try (JsonGenerator json = Json.document(output.console().out())) {
            Json.write(json, dict);
        }
        assertThat(output.text())
                .contains("1795539603.520869")
                .matches("(?s)\\p{ASCII}*")
                .endsWith("}\n");
        Map<?, ?> read = output.json();
        assertThat(read.get("text")).isEqualTo("a\u00e9\ud83d\ude00");
        assertThat(read.get("bytes")).isEqualTo("\u00e9");
        assertThat(read.get("tuple")).isEqualTo(Arrays.asList(1L, null, true));
        assertThat(read.get("time")).isEqualTo(1795539603.520869);
        assertThat(read.get("7")).isEqualTo(List.of(-1L));
    }

    @Test
    void lines_none_isNothingAtAll() throws IOException {
        ToolOutput output = new ToolOutput();
        Json.lines(output.console().out()).close();
        assertThat(output.text()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[1,", "{\"a\" 1}", "ruok"})
    void read_somethingElse_fails(String text) {
        assertThatThrownBy(() -> Json.read(text)).isInstanceOf(IOException.class);
    }
}
