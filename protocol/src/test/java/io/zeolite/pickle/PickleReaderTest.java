package io.zeolite.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hex is what Python 3.11 writes with the protocol that stands before it; other input is written as pickles are read. */
class PickleReaderTest {
    private static final BigInteger TWO_TO_100 = BigInteger.ONE.shiftLeft(100);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "286c70300a49300a61493235350a61493235360a614936353533350a614936353533360a61492d310a614932313437343833363437"
                        + "0a61492d323134373438333634380a614c323134373438333634384c0a614c393232333337323033363835343737353830374c"
                        + "0a614c2d393232333337323033363835343737353830384c0a614c393232333337323033363835343737353830384c0a614c31"
                        + "3236373635303630303232383232393430313439363730333230353337364c0a614c2d31323637363530363030323238323239"
                        + "3430313439363730333230353337364c0a612e",
                "5d7100284b004bff4d00014dffff4a000001004affffffff4affffff7f4a000000804c323134373438333634384c0a4c3932323333"
                        + "37323033363835343737353830374c0a4c2d393232333337323033363835343737353830384c0a4c393232333337323033363835"
                        + "343737353830384c0a4c313236373635303630303232383232393430313439363730333230353337364c0a4c2d31323637363530"
                        + "3630303232383232393430313439363730333230353337364c0a652e",
                "80035d7100284b004bff4d00014dffff4a000001004affffffff4affffff7f4a000000808a0500000080008a08ffffffffffffff7f"
                        + "8a0800000000000000808a090000000000000080008a0d000000000000000000000000108a0d0000000000000000000000"
                        + "00f0652e"
            })
    void integers_ofEveryProtocol_areRead(String hex) throws PickleException {
        assertThat(readHex(hex))
                .isEqualTo(List.of(
                        0L,
                        255L,
                        256L,
                        65535L,
                        65536L,
                        -1L,
                        (long) Integer.MAX_VALUE,
                        (long) Integer.MIN_VALUE,
                        1L << 31,
                        Long.MAX_VALUE,
                        Long.MIN_VALUE,
                        BigInteger.ONE.shiftLeft(63),
                        TWO_TO_100,
                        TWO_TO_100.negate()));
    }

    @Test
    void long4_ofMoreThan255Bytes_isRead() throws PickleException {
        assertThat(readHex("80028b07010000" + "00".repeat(262) + "102e")).isEqualTo(BigInteger.ONE.shiftLeft(2100));
        assertThat(readHex("80028b000000002e")).isEqualTo(0L);
        assertThat(readHex("80028a002e")).isEqualTo(0L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "286c70300a46312e350a6146696e660a61462d696e660a61462d302e300a614631652b3330300a612e",
                "80035d710028473ff8000000000000477ff000000000000047fff0000000000000478000000000000000477e37e43c8800759c652e"
            })
    void floats_ofEveryProtocol_areRead(String hex) throws PickleException {
        assertThat(readHex(hex))
                .isEqualTo(List.of(1.5, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 1e300));
        assertThat(readText("Fnan\n.")).isEqualTo(Double.NaN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "286c70300a560a70310a61566162630a70320a615668e95c75323061635c5530303031663630305c7564383030780a70330a615661"
                        + "5c7530303061625c75303035636327220a70340a612e",
                "80035d7100285800000000710158030000006162637102580e00000068c3a9e282acf09f9880eda080787103580700000061"
                        + "0a625c6327227104652e"
            })
    void texts_ofEveryProtocol_areRead(String hex) throws PickleException {
        assertThat(readHex(hex)).isEqualTo(List.of("", "abc", "h\u00e9\u20ac\ud83d\ude00\ud800x", "a\nb\\c'\""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "286c70300a2874612849310a7470310a612849310a49320a7470320a612849310a49320a49330a7470330a612849310a49320a4933"
                        + "0a49340a7470340a612e",
                "5d71002829284b01747101284b014b02747102284b014b024b03747103284b014b024b034b04747104652e",
                "80035d710028294b018571014b014b028671024b014b024b03877103284b014b024b034b04747104652e"
            })
    void tuples_ofEveryProtocol_areRead(String hex) throws PickleException {
        assertThat(readHex(hex))
                .isEqualTo(List.of(
                        PyTuple.EMPTY,
                        PyTuple.of(1L),
                        PyTuple.of(1L, 2L),
                        PyTuple.of(1L, 2L, 3L),
                        PyTuple.of(1L, 2L, 3L, 4L)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "28647030 0a 56610a 70310a 49310a 73 562e0a 286470320a 73 2e",
                "8003 7d7100 28 5801000000617101 4b01 58010000002e7102 7d7103 75 2e",
                "7d 580100000061 4b01 73 58010000002e 7d 73 2e"
            })
    void dicts_ofEveryProtocol_areRead(String hex) throws PickleException {
        assertThat(readHex(hex.replace(" ", "")))
                .isEqualTo(new PyDict().put("a", 1L).put(".", new PyDict()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"286c70300a4e614930310a614930300a612e", "80035d7100284e8889652e"})
    void noneAndBooleans_ofEveryProtocol_areRead(String hex) throws PickleException {
        assertThat(readHex(hex)).isEqualTo(Arrays.asList(null, true, false));
    }

    @Test
    void bytes_ofProtocol3_areRead() throws PickleException {
        assertThat(readHex("80034300430261ff4201000000ff872e"))
                .isEqualTo(PyTuple.of(new byte[0], new byte[] {'a', (byte) 0xff}, new byte[] {(byte) 0xff}));
    }

    @Test
    void stringsOfPython2_areTextIfAscii_otherwiseBytes() throws PickleException {
        assertThat(readHex("550261622e")).isEqualTo("ab");
        assertThat(readHex("5502c3a92e")).isEqualTo(new byte[] {(byte) 0xc3, (byte) 0xa9});
        assertThat(readHex("5402000000c3a92e")).isEqualTo(new byte[] {(byte) 0xc3, (byte) 0xa9});
        assertThat(readText("S'a\\'\\\\\\n\\x41\\101\\q'\np0\n.")).isEqualTo("a'\\\nAA\\q");
        assertThat(readText("S\"\\xff\"\n.")).isEqualTo(new byte[] {(byte) 0xff});
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "28566162630a70300a2856780a70310a67300a7470320a67300a7470330a2e",
                "2858030000006162637100285801000000787101680074710268007471032e",
                "8003580300000061626371005801000000787101680086710268008771032e",
                "8003580300000061626372000100005801000000787101 6a00010000 8671026a000100008771032e"
            })
    void memo_ofEveryProtocol_isRead(String hex) throws PickleException {
        assertThat(readHex(hex.replace(" ", ""))).isEqualTo(PyTuple.of("abc", PyTuple.of("x", "abc"), "abc"));
    }

    @Test
    void stackOpcodes_dropAndDuplicate() throws PickleException {
        assertThat(readText("K\1K\2" + "0(K\3K\4" + "1(02\u0086.")).isEqualTo(PyTuple.of(1L, 1L));
    }

    @Test
    void calls_ofPlainTypes_becomeValues() throws PickleException {
        // The arguments of tpc_begin with an extension whose class reduces itself to a dict.
        assertThat(readHex("8003636275696c74696e730a646963740a5803000000666f6f4b01868585522e"))
                .isEqualTo(new PyDict().put("foo", 1L));
        assertThat(readText("c__builtin__\ndict\n)R.")).isEqualTo(new PyDict());
        assertThat(readText("c__builtin__\nbytes\n)R.")).isEqualTo(new byte[0]);
        assertThat(readText("czodbpickle\nbinary\nC\1\u00ff\u0085\u0081.")).isEqualTo(new byte[] {(byte) 0xff});
        assertThat(readText("czodbpickle\nbinary\nU\2ab\u0085R.")).isEqualTo(new byte[] {'a', 'b'});
        assertThat(readText("(U\2abizodbpickle\nbinary\n.")).isEqualTo(new byte[] {'a', 'b'});
        assertThat(readText("(czodbpickle\nbinary\nU\2abo.")).isEqualTo(new byte[] {'a', 'b'});
    }

    @Test
    void sets_areKeptAsTheCallThatMakesThem() throws PickleException {
        assertThat(readHex("8003636275696c74696e730a7365740a5d4b01618552 2e".replace(" ", "")))
                .isEqualTo(new PyCall(new PyGlobal("builtins", "set"), PyTuple.of(List.of(1L))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "635a6f7065556e646f2e5072656669780a5072656669780a29817d2858060000006c656e6774684b025804000000706174685d2858"
                        + "000000005805000000706c6f6e656575622e",
                "635a6f7065556e646f2e5072656669780a5072656669780a29817d580500000076616c75654b0658060000002f706c6f6e658673622e"
            })
    void prefix_ofOldAndNewZope_isRead(String hex) throws PickleException {
        assertThat(readHex(hex)).isEqualTo(new PyPrefix("/plone"));
    }

    @Test
    void undoErrors_thatPythonsServerSends_areData() throws PickleException {
        Object value = readText("cZODB.POSException\n_recon\ncZODB.POSException\nUndoError\n}\u0086R.");
        assertThat(value)
                .isEqualTo(new PyCall(
                        new PyGlobal("ZODB.POSException", "_recon"),
                        PyTuple.of(new PyGlobal("ZODB.POSException", "UndoError"), new PyDict())));
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("cos\nsystem\n(U\1xtR.", "offset 0: the global os.system"),
                Arguments.of("cbuiltins\neval\n.", "the global builtins.eval"),
                Arguments.of("cdatetime\ndatetime\n.", "the global datetime.datetime"),
                Arguments.of("c_codecs\nencode\n.", "the global _codecs.encode"),
                Arguments.of("cbuiltins\nint\nU\1x\u0085R.", "a call of builtins.int with (str)"),
                Arguments.of(
                        "cbuiltins\nbytearray\nJ\u00ff\u00ff\u00ff\u007f\u0085R.",
                        "a call of builtins.bytearray with (int)"),
                Arguments.of("cbuiltins\nset\n]\u0085\u0081.", "a new builtins.set"),
                Arguments.of("U\1x)R.", "a call of a str with a tuple"),
                Arguments.of("}}b.", "attributes of type dict for a dict"),
                Arguments.of("U\1xQ.", "opcode 0x51"),
                Arguments.of("Px\n.", "opcode 0x50"),
                Arguments.of("\u0082\1.", "opcode 0x82"),
                Arguments.of("\u0080\4N.", "protocol 4"),
                Arguments.of("\u008c\1xN.", "opcode 0x8c"),
                Arguments.of("N", "offset 1: 0 bytes left"),
                Arguments.of("C\u00ffabc.", "offset 0: 4 bytes left (expected: 255 more bytes)"),
                Arguments.of("B\u00ff\u00ff\u00ff\u00ffabc.", "(expected: 4294967295 more bytes)"),
                Arguments.of("X\2\0\0\0\u00c3(.", "not UTF-8"),
                Arguments.of("X\2\0\0\0\u00c0\u0080.", "not UTF-8"),
                Arguments.of("X\4\0\0\0\u00f7\u00bf\u00bf\u00bf.", "not UTF-8"),
                Arguments.of("\u008b\1\4\0\0.", "an int of 1025 bytes"),
                Arguments.of(".", "0 values and 0 marks at the end"),
                Arguments.of("NN.", "2 values"),
                Arguments.of("(N.", "1 marks"),
                Arguments.of("0.", "0 values on the stack (expected: at least 1)"),
                Arguments.of("N(a.", "0 values on the stack (expected: at least 2)"),
                Arguments.of("NNa.", "items for a None"),
                Arguments.of("}NNNu.", "no mark"),
                Arguments.of("}(Nu.", "an even number"),
                Arguments.of("}]Ns.", "a key of type list"),
                Arguments.of("h\1.", "nothing under 1 in the memo"),
                Arguments.of("]q\1h\1a.", "a list that is taken from the memo"),
                Arguments.of("}2s.", "a dict that is taken from the memo or duplicated"),
                Arguments.of("I1x\n.", "not an int"),
                Arguments.of("F0x1p3\n.", "not a float"),
                Arguments.of("Sab\n.", "without quotes"),
                Arguments.of("S'\\x4'\n.", "an incomplete escape sequence"),
                Arguments.of("Vab", "no end of line"),
                Arguments.of("(o.", "no value above the mark"),
                Arguments.of("gx\n.", "not a place in the memo"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("refused")
    void pickle_thatIsMalformedOrNotAllowed_isNamed(String pickle, String message) {
        assertThatThrownBy(() -> readText(pickle))
                .isInstanceOf(PickleException.class)
                .hasMessageContaining(message);
    }

    @Test
    void integerAsText_beyondAThousandDigits_isRefused() {
        assertThatThrownBy(() -> readText("I" + "9".repeat(2000) + "\n."))
                .isInstanceOf(PickleException.class)
                .hasMessageContaining("a line of at most 1000 bytes");
    }

    @Test
    void nesting_beyondTheLimit_isRefused() throws PickleException {
        assertThat(readText("]".repeat(100) + "a".repeat(99) + ".")).isInstanceOf(List.class);
        assertThatThrownBy(() -> readText("]".repeat(101) + "a".repeat(100) + "."))
                .hasMessageContaining("nested 101 deep");
        assertThatThrownBy(() -> readText("N" + "\u0085".repeat(100_000) + "."))
                .hasMessageContaining("nested 101 deep");
        assertThatThrownBy(() -> readText("(".repeat(100_000))).hasMessageContaining("more than 100 marks");
    }

    @Test
    void values_beyondTheLimit_areRefused() {
        assertThatThrownBy(() -> readText("]".repeat(1 << 18))).hasMessageContaining("too many values");
        assertThatThrownBy(() -> readText("NNN" + "q\1".repeat(10) + "h\1".repeat(1 << 20)))
                .hasMessageContaining("too many values");
    }

    /** Each line doubles what the one before it holds: 2 to the power of 60 values, if they were written out. */
    @Test
    void tuplesOfTuplesFromTheMemo_beyondTheLimit_areRefused() {
        StringBuilder pickle = new StringBuilder("N");
        for (int i = 0; i < 60; i++) {
            pickle.append('q').append((char) i).append('h').append((char) i).append('\u0086');
        }
        assertThatThrownBy(() -> readText(pickle + ".")).hasMessageContaining("too many values");
    }

    @Test
    void longStringFromTheMemo_beyondTheLimit_isRefused() {
        String pickle = "(X\0\0\1\0" + "x".repeat(65536) + "q\1" + "h\1".repeat(1000) + "t.";
        assertThatThrownBy(() -> readText(pickle)).hasMessageContaining("too many values");
    }

    @Test
    void reader_afterAPickle_standsBehindIt() throws PickleException {
        ByteBuf in = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump("80034b012e80034b022e"));
        assertThat(PickleReader.read(in, ValueLimits.FROM_CLIENT)).isEqualTo(1L);
        assertThat(PickleReader.read(in, ValueLimits.FROM_CLIENT)).isEqualTo(2L);
        assertThat(in.isReadable()).isFalse();
        assertThatThrownBy(() -> readText("N.N")).hasMessageContaining("1 bytes after the end");
    }

    private static @Nullable Object readHex(String hex) throws PickleException {
        return PickleReader.read(ByteBufUtil.decodeHexDump(hex));
    }

    private static @Nullable Object readText(String latin1) throws PickleException {
        return PickleReader.read(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }
}
