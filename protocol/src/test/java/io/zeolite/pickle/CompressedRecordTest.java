package io.zeolite.pickle;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompressedRecordTest {
    private static final String MAPPING = "\u0080\3cpersistent.mapping\nPersistentMapping\nq\0.";
    private static final byte[] RECORD = (MAPPING + "\u0080\3}q\1(X\4\0\0\0dataX\24\0\0\0" + "x".repeat(20)
                    + "X\3\0\0\0oneC\10\0\0\0\0\0\0\0\7h\0\u0086QX\3\0\0\0twoC\10\0\0\0\0\0\0\0\10h\0\u0086Qu.")
            .getBytes(ISO_8859_1);

    /** What Python's {@code zc.zlibstorage.compress} makes of a mapping with a text. */
    private static final byte[] FROM_PYTHON = HexFormat.of()
            .parseHex("2e7a789c6b604e2e482d2ace2c2e49cd2bd1cb4d2c28c8cc4be70a800bf942450a19f41a986b0b19"
                    + "225818181852124b120b196b0b99c0bc92d48a9242e6087b20335101c45120972a64292ed60300b7"
                    + "f42f16");

    private static byte[] compressed(byte[] record) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write('.');
        bytes.write('z');
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(bytes)) {
            deflater.write(record);
        }
        return bytes.toByteArray();
    }

    private static String scan(byte[] record, int offset, int length) throws PickleException {
        List<Long> oids = new ArrayList<>();
        RecordScanner scanner = new RecordScanner((kind, oid) -> oids.add(oid));
        scanner.scan(record, offset, length);
        return scanner.className() + " " + oids;
    }

    @Test
    void scan_compressed_findsWhatThePlainOneHas() throws Exception {
        byte[] compressed = compressed(RECORD);
        assertThat(compressed).hasSizeLessThan(RECORD.length);
        byte[] amid = new byte[compressed.length + 9];
        System.arraycopy(compressed, 0, amid, 4, compressed.length);

        assertThat(scan(RECORD, 0, RECORD.length)).isEqualTo("persistent.mapping.PersistentMapping [7, 8]");
        assertThat(scan(compressed, 0, compressed.length)).isEqualTo("persistent.mapping.PersistentMapping [7, 8]");
        assertThat(scan(amid, 4, compressed.length)).isEqualTo("persistent.mapping.PersistentMapping [7, 8]");
    }

    @Test
    void scan_plainAfterCompressed_isPlainAgain() throws Exception {
        List<Long> oids = new ArrayList<>();
        RecordScanner scanner = new RecordScanner((kind, oid) -> oids.add(oid));
        byte[] compressed = compressed(RECORD);
        scanner.scan(compressed, 0, compressed.length);
        scanner.scan(RECORD, 0, RECORD.length);

        assertThat(oids).containsExactly(7L, 8L, 7L, 8L);
        assertThatThrownBy(() -> scanner.scan(new byte[] {'N', '.', '}'}, 0, 3))
                .isInstanceOfSatisfying(
                        PickleException.class, e -> assertThat(e.offset()).isEqualTo(3));
    }

    @Test
    void isBlob_compressed_isTold() throws Exception {
        byte[] compressed = compressed("cZODB.blob\nBlob\n.N.".getBytes(ISO_8859_1));
        RecordScanner scanner = new RecordScanner((kind, oid) -> {});
        scanner.scanClass(compressed, 0, compressed.length);

        assertThat(scanner.isBlob()).isTrue();
    }

    @Test
    void read_compressedByPython_hasTheValues() throws PickleException {
        RecordReader.Pickles pickles = RecordReader.read(FROM_PYTHON);

        assertThat(pickles.type()).isEqualTo(new PyGlobal("persistent.mapping", "PersistentMapping"));
        assertThat(pickles.state()).isEqualTo(new PyDict().put("data", new PyDict().put("text", "a text ".repeat(9))));
    }

    @Test
    void scan_unreadableWithin_saysWhereInflatedAndCountsFromTheRecord() throws IOException {
        byte[] compressed = compressed((MAPPING + "N\377").getBytes(ISO_8859_1));

        assertThatThrownBy(() -> scan(compressed, 0, compressed.length))
                .hasMessageStartingWith("inflated pickle, offset " + (MAPPING.length() + 1) + ": opcode 0xff")
                .isInstanceOfSatisfying(
                        PickleException.class, e -> assertThat(e.offset()).isZero());
    }

    @Test
    void scan_cutOffAnywhere_throws() throws IOException {
        byte[] compressed = compressed(RECORD);
        for (int length = 2; length < compressed.length; length++) {
            byte[] cut = Arrays.copyOf(compressed, length);
            assertThatThrownBy(() -> scan(cut, 0, cut.length))
                    .isInstanceOf(PickleException.class)
                    .hasMessage("pickle, offset 0: a compressed record without its end (expected: all of it)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".zcpersistent.mapping\n", ".z}q\1.", ".zx"})
    void scan_noZlibData_throws(String record) {
        byte[] bytes = record.getBytes(ISO_8859_1);

        assertThatThrownBy(() -> scan(bytes, 0, bytes.length))
                .isInstanceOf(PickleException.class)
                .hasMessageStartingWith("pickle, offset 0: a compressed record ");
        assertThatThrownBy(() -> RecordReader.read(bytes)).isInstanceOf(PickleException.class);
    }

    @Test
    void scan_checksumThatIsWrong_throws() throws IOException {
        byte[] compressed = compressed(RECORD);
        compressed[compressed.length - 1]++;

        assertThatThrownBy(() -> scan(compressed, 0, compressed.length))
                .hasMessageContaining("a compressed record that is damaged: incorrect data check");
    }

    @Test
    void inflate_limit_isTheLongestThatIsTaken() throws Exception {
        byte[] zeros = new byte[100_000];
        byte[] compressed = compressed(zeros);

        assertThat(CompressedRecord.inflate(compressed, 0, compressed.length, zeros.length))
                .isEqualTo(zeros);
        for (int limit : new int[] {zeros.length - 1, 1000, 1}) {
            assertThatThrownBy(() -> CompressedRecord.inflate(compressed, 0, compressed.length, limit))
                    .isInstanceOf(PickleException.class)
                    .hasMessageContaining("a compressed record of more than " + limit + " bytes");
        }
    }

    @Test
    void is_othersThanCompressed_isFalse() {
        for (String other : new String[] {"", ".", "z.", "..", "N.z", "\u0080\3N."}) {
            byte[] bytes = other.getBytes(ISO_8859_1);
            assertThat(CompressedRecord.is(bytes, 0, bytes.length)).isFalse();
        }
        assertThat(CompressedRecord.is(new byte[] {'.', 'z'}, 0, 1)).isFalse();
    }
}
