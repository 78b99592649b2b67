package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class ServeOptionsTest {
    @ParameterizedTest
    @ValueSource(strings = {"-C", "--configure"})
    void ofUsual_configurationFile_isWhatTheParserReads(String option) {
        CommandSpec spec = Zeolite.command();
        ServeOptions.addTo(spec);

        assertThat(ServeOptions.ofUsual(List.of(option, "etc/zeo.conf")))
                .isEqualTo(ServeOptions.of(new CommandLine(spec).parseArgs(option, "etc/zeo.conf")))
                .isEqualTo(new ServeOptions("etc/zeo.conf", null, List.of(), null, null, null));
    }

    static Stream<List<String>> others() {
        return Stream.of(
                List.of(),
                List.of("-C"),
                List.of("-C", "-f"),
                List.of("-C", "--help"),
                List.of("-C", "zeo.conf", "--pid-file", "zeo.pid"),
                List.of("-a", "8100"),
                List.of("-Czeo.conf"),
                List.of("--configure=zeo.conf"));
    }

    @ParameterizedTest
    @MethodSource("others")
    void ofUsual_anythingElse_isForTheParser(List<String> commandLine) {
        assertThat(ServeOptions.ofUsual(commandLine)).isNull();
    }
}
