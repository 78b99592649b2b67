package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class ServeOptionsTest {
    static Stream<List<String>> usual() {
        return Stream.of(
                List.of(),
                List.of("-C", "etc/zeo.conf"),
                List.of("--configure", "etc/zeo.conf", "--pid-file", "zeo.pid"),
                List.of("--address-file", "a", "-C", "", "--pid-file", "p"));
    }

    @ParameterizedTest
    @MethodSource("usual")
    void ofUsual_namesAndValues_areWhatTheParserReads(List<String> commandLine) {
        CommandSpec spec = Zeolite.command();
        ServeOptions.addTo(spec);

        assertThat(ServeOptions.ofUsual(commandLine))
                .isEqualTo(ServeOptions.of(new CommandLine(spec).parseArgs(commandLine.toArray(new String[0]))));
    }

    @Test
    void ofUsual_all_areRead() {
        assertThat(ServeOptions.ofUsual(List.of("--address-file", "a", "-C", "c", "--pid-file", "p")))
                .isEqualTo(new ServeOptions("c", null, List.of(), null, "p", "a"));
    }

    static Stream<List<String>> others() {
        return Stream.of(
                List.of("-C"),
                List.of("-C", "-f"),
                List.of("-C", "--help"),
                List.of("-C", "zeo.conf", "--configure", "zeo.conf"),
                List.of("-C", "zeo.conf", "--pid-file"),
                List.of("zeo.conf", "-C"),
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
