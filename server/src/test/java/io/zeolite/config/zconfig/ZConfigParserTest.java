package io.zeolite.config.zconfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZConfigParserTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @Test
    void parse_everyConstruct_treeInOrderWithLines() throws Exception {
        Document document = parse("""
                # a comment
                  %import ZODB

                Key   the value  # of it\t
                empty
                <Outer>
                  a 1
                  <inner The-Name>
                    b 2
                  </INNER >
                  <leaf/>
                  <leaf n/>
                  <leaf  N2 />
                </outer>
                """);

        assertThat(document.imports()).containsExactly(line("import", "ZODB", 2));
        assertThat(document.root().keys()).containsExactly(line("key", "the value  # of it", 4), line("empty", "", 5));
        Section outer = document.root().sections().get(0);
        assertThat(outer.type()).isEqualTo("outer");
        assertThat(outer.name()).isNull();
        assertThat(outer.position()).isEqualTo(at(6));
        assertThat(outer.keys()).containsExactly(line("a", "1", 7));
        assertThat(outer.sections()).extracting(Section::type).containsExactly("inner", "leaf", "leaf", "leaf");
        assertThat(outer.sections()).extracting(Section::name).containsExactly("the-name", null, "n", "n2");
        assertThat(outer.sections().get(0).keys()).containsExactly(line("b", "2", 9));
    }

    @Test
    void parse_blanksOfPython_count() throws Exception {
        Document document = parse("\u00a0key\u2003value\u00a0\r\n\u0085<s\u00a0n>\r\n</s>\r\n");

        assertThat(document.root().keys()).containsExactly(line("key", "value", 1));
        assertThat(document.root().sections().get(0).name()).isEqualTo("n");
    }

    @Test
    void parse_byteOrderMark_isNoPartOfTheFirstLine() throws Exception {
        Document document = parse("\ufeff<s>\r\n</s>\r\n");

        assertThat(document.root().sections()).extracting(Section::type).containsExactly("s");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "key(value)  | key | (value)",
                "k <a>       | k   | <a>",
                "k=v         | k=v | ''",
                "k a % b     | k   | a % b",
            })
    void parse_valueThatLooksOdd_isAsZConfigHasIt(String text, String key, String value) throws Exception {
        assertThat(parse(text).root().keys()).containsExactly(line(key, value, 1));
    }

    /** The expected values are what ZConfig 4 makes of these texts. */
    @ParameterizedTest
    @CsvSource({
        "$name, /srv",
        "$NAME, /srv",
        "${name}, /srv",
        "${name}s, /srvs",
        "$name.fs, /srv.fs",
        "$name-x, /srv-x",
        "$$name, $name",
        "$$$name, $/srv",
        "a$$, a$",
        "$(HOST), db.example",
        "x$(HOST)y$name, xdb.exampley/srv",
        "$nested, /srv/var",
        "$dollar, $name",
        "$empty|, |",
    })
    void parse_reference_isReplaced(String text, String expected) throws Exception {
        Document document = parse("""
                %define Name /srv
                %define nested $name/var
                %define dollar $$name
                %define empty
                """ + "key " + text);

        assertThat(document.root().keys().get(0).value()).isEqualTo(expected);
    }

    @Test
    void parse_valueOfVariable_isNotLookedAtAgain() throws Exception {
        Document document = ZConfigParser.parse(file("zeo.conf", "key $(A)"), Map.of("A", "$name $$"));

        assertThat(document.root().keys().get(0).value()).isEqualTo("$name $$");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "key $nope      | $nope is not defined (expected %define nope before)",
                "key $(NOPE)    | $(NOPE) is not set (expected a variable NOPE in the environment)",
                "key $(host)    | $(host) is not set (expected a variable host in the environment)",
                "key a$         | \"a$\": a lone $ at the end (expected $name, ${name}, $(VARIABLE) or $$)",
                "key $1         | \"$1\": no name after $ (expected $name, ${name}, $(VARIABLE) or $$)",
                "key ${}        | \"${}\": no name after ${ (expected $name, ${name}, $(VARIABLE) or $$)",
                "key ${name     | \"${name\": no } after ${name (expected $name, ${name}, $(VARIABLE) or $$)",
                "key $(HOST:x)  | \"$(HOST:x)\": no ) after $(HOST (expected $name, ${name}, $(VARIABLE) or $$)",
                "%define 1a b   | %define 1a: not a name (expected letters, digits and _, not starting with a digit)",
                "%define        | %define without an argument (expected one)",
                "%frob x        | unknown directive %frob (expected %define, %include or %import)",
                "% define a b   | unknown directive % (expected %define, %include or %import)",
                "(x) y          | malformed line (expected a key and a value, a section or a directive)",
                "<zeo           | malformed section start (expected <type> or <type name>)",
                "<zeo a b>      | malformed section start (expected <type> or <type name>)",
                "< zeo>         | malformed section start (expected <type> or <type name>)",
                "<a(b>          | malformed section start (expected <type> or <type name>)",
                "</zeo          | malformed section end (expected </type>)",
                "</zeo>         | </zeo> closes nothing (expected no section end: none is open in this file)",
                "%include no    | no such file: DIR/no (expected a configuration file)",
                "%include http://x/y | %include http://x/y is not supported (expected a file)",
            })
    void parse_malformedLine_isRefusedWithFileAndLine(String text, String message) throws Exception {
        assertThatThrownBy(() -> parse("\n\n" + text))
                .isInstanceOf(ConfigException.class)
                .hasMessage(directory + "/zeo.conf:3: " + message.replace("DIR", directory.toString()));
    }

    @Test
    void parse_sectionsThatDoNotMatch_areRefused() {
        assertThatThrownBy(() -> parse("<a>\n<b>\n</a>\n"))
                .hasMessage(directory + "/zeo.conf:3: </a> does not close <b> of line 2 (expected </b>)");
        assertThatThrownBy(() -> parse("<a>\n<b>\n</b>\n"))
                .hasMessage(directory + "/zeo.conf:1: <a> is not closed (expected </a>)");
    }

    @Test
    void define_again_mustSayTheSame() throws Exception {
        assertThat(parse("%define a b\n%define A b\nkey $a")
                        .root()
                        .keys()
                        .get(0)
                        .value())
                .isEqualTo("b");
        assertThatThrownBy(() -> parse("%define a b\n%define a c"))
                .hasMessage(directory + "/zeo.conf:2: %define a differs from the one before: \"c\" (expected \"b\", a"
                        + " name is defined once)");
    }

    @Test
    void include_inSection_addsToItAndSharesDefinitions() throws Exception {
        Files.createDirectory(directory.resolve("sub"));
        file("sub/one.conf", "%define second $first/2\ntwo $second\n%include two.conf\n");
        file("sub/two.conf", "<leaf/>\n");
        Document document = parse("%define first /1\n%define file one.conf\n<s>\n%include sub/$file\nx $second\n</s>");

        Section section = document.root().sections().get(0);
        assertThat(section.keys()).extracting(KeyValue::value).containsExactly("/1/2", "/1/2");
        assertThat(section.keys().get(0).position())
                .isEqualTo(new Position(directory.resolve("sub/one.conf").toString(), 2));
        assertThat(section.sections()).extracting(Section::type).containsExactly("leaf");
    }

    @Test
    void include_ofAFileUrl_isRead() throws Exception {
        file("other.conf", "a b");

        assertThat(parse("%include " + directory.resolve("other.conf").toUri())
                        .root()
                        .keys())
                .extracting(KeyValue::value)
                .containsExactly("b");
    }

    @Test
    void include_thatClosesASectionOfTheOuterFile_isRefused() throws Exception {
        file("other.conf", "</s>");

        assertThatThrownBy(() -> parse("<s>\n%include other.conf\n"))
                .hasMessageStartingWith(directory + "/other.conf:1: </s> closes nothing");
    }

    @Test
    void include_cycle_isRefused() throws Exception {
        file("a.conf", "%include sub/../b.conf\n");
        file("b.conf", "\n%include a.conf\n");
        Files.createDirectory(directory.resolve("sub"));

        assertThatThrownBy(() -> parse("%include a.conf"))
                .hasMessage(directory + "/sub/../b.conf:2: " + directory
                        + "/sub/../a.conf includes itself (expected files without a cycle)");
    }

    @Test
    void include_twiceWithoutACycle_isRead() throws Exception {
        file("a.conf", "a b\n");

        assertThat(parse("%include a.conf\n%include a.conf\n").root().keys()).hasSize(2);
    }

    @Test
    void parse_fileThatCannotBeRead_saysWhich() throws Exception {
        Path missing = directory.resolve("missing.conf");
        assertThatThrownBy(() -> ZConfigParser.parse(missing, Map.of()))
                .hasMessage(missing + ": no such file: " + missing + " (expected a configuration file)");

        Path binary = directory.resolve("binary.conf");
        Files.write(binary, new byte[] {'a', ' ', (byte) 0xff});
        assertThatThrownBy(() -> ZConfigParser.parse(binary, Map.of()))
                .hasMessage(binary + ": not UTF-8: " + binary + " (expected a text file)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "# only\n\n  # this"})
    void parse_nothing_isEmpty(String text) throws Exception {
        Document document = parse(text);

        assertThat(document.root().keys()).isEmpty();
        assertThat(document.root().sections()).isEmpty();
        assertThat(document.imports()).isEqualTo(List.of());
    }

    private Document parse(String text) throws IOException, ConfigException {
        return ZConfigParser.parse(file("zeo.conf", text), Map.of("HOST", "db.example"));
    }

    private Path file(String name, String text) throws IOException {
        return Files.write(directory.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }

    private Position at(int line) {
        return new Position(directory.resolve("zeo.conf").toString(), line);
    }

    private KeyValue line(String key, String value, int line) {
        return new KeyValue(key, value, at(line));
    }
}
