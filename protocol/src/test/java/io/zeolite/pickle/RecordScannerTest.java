package io.zeolite.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordScannerTest {
    private static final String CLASS = "cpersistent.mapping\nPersistentMapping\n.";

    private final List<String> found = new ArrayList<>();
    private final RecordScanner scanner = new RecordScanner(this::visit);

    /** A record that the Python packages made or read, and what they say that it refers to. */
    private record Golden(String name, byte[] record, List<Long> oids) {
        static Golden of(String line) {
            String[] parts = line.split("\t", -1);
            List<Long> oids = Arrays.stream(parts[2].split(" "))
                    .filter(oid -> !oid.isEmpty())
                    .map(HexFormat::fromHexDigitsToLong)
                    .toList();
            return new Golden(parts[0], HexFormat.of().parseHex(parts[1]), oids);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Made by {@code references.py} of the integration tests. */
    static Stream<Golden> corpus() {
        try {
            Path file = Path.of(RecordScannerTest.class
                    .getResource("/golden/references.txt")
                    .toURI());
            return Files.readAllLines(file).stream().map(Golden::of);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void visit(ReferenceKind kind, long oid) {
        found.add(kind + " " + Long.toHexString(oid) + " " + scanner.referencedClass());
    }

    private static List<Long> strong(byte[] record) throws PickleException {
        List<Long> oids = new ArrayList<>();
        RecordScanner scanner = new RecordScanner((kind, oid) -> {
            if (kind == ReferenceKind.STRONG) {
                oids.add(oid);
            }
        });
        scanner.scan(record, 0, record.length);
        return oids;
    }

    private void scan(String state) throws PickleException {
        byte[] record = (CLASS + state).getBytes(StandardCharsets.ISO_8859_1);
        scanner.scan(record, 0, record.length);
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void scan_goldenRecord_findsWhatZodbFinds(Golden golden) throws PickleException {
        assertThat(strong(golden.record)).isEqualTo(golden.oids);
    }

    @Test
    void scan_eachForm_tellsKindAndClass() throws PickleException {
        String oid = "C\b\0\0\0\0\0\0\0\5";
        scan("\u0080\3(" + oid + "Q" + oid + "cmod\nKlass\n\u0086Q" + oid + "X\3\0\0\0modX\4\0\0\0Name\u0086\u0086Q"
                + "](X\1\0\0\0w" + oid + "\u0085eQ" + "](X\1\0\0\0w" + oid + "X\2\0\0\0db\u0086eQ"
                + "](X\1\0\0\0nX\2\0\0\0db"
                + oid + "\u0086eQ" + "](X\1\0\0\0mX\2\0\0\0db" + oid + "cmod\nKlass\n\u0087eQ" + "]" + oid + "aQ"
                + "]X\3\0\0\0oddaQ" + "t.");

        assertThat(found)
                .containsExactly(
                        "STRONG 5 null",
                        "STRONG 5 mod.Klass",
                        "STRONG 5 mod.Name",
                        "WEAK 5 null",
                        "WEAK 5 null",
                        "OTHER_DATABASE 5 null",
                        "OTHER_DATABASE 5 mod.Klass",
                        "WEAK 5 null",
                        "UNKNOWN 0 null");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cZODB.blob\nBlob\n.N.",
                "cZODB.blob\r\nBlob\r\n.N.",
                "\u0080\2cZODB.blob\nBlob\n.\u0080\2N.",
                "\u0080\4\u008c\u0009ZODB.blob\u008c\4Blob\u0093.N."
            })
    void isBlob_classOfBlobs_isTrue(String record) throws PickleException {
        byte[] bytes = record.getBytes(StandardCharsets.ISO_8859_1);
        scanner.scanClass(bytes, 0, bytes.length);

        assertThat(scanner.isBlob()).isTrue();
        assertThat(scanner.className()).isEqualTo("ZODB.blob.Blob");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(cZODB.blob\nBlob\nNt.N.",
                "cZODB.blob\nBlobs\n.N.",
                "cZODB.blob\nBlo\n.N.",
                "cm\nC\n.N.",
                "N.cZODB.blob\nBlob\n."
            })
    void isBlob_somethingElse_isFalse(String record) throws PickleException {
        byte[] bytes = record.getBytes(StandardCharsets.ISO_8859_1);
        scanner.scan(bytes, 0, bytes.length);

        assertThat(scanner.isBlob()).isFalse();
    }

    @Test
    void scan_memoOfFirstPickle_isThereInSecond() throws PickleException {
        byte[] record = "C\b\0\0\0\0\0\0\0\7q\0.h\0Q.".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(strong(record)).containsExactly(7L);
    }

    @Test
    void scan_memoOfAnotherRecord_isForgotten() throws PickleException {
        scan("C\b\0\0\0\0\0\0\0\7q\5.");

        assertThatThrownBy(() -> scan("h\5Q.")).hasMessageContaining("place 5 in the memo, where nothing is");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "N",
                "C\b\0\0",
                "B\377\377\377\377",
                "\u008e\377\377\377\377\377\377\377\377.",
                "Q.",
                "K\1Q.",
                "NQ.",
                ")Q.",
                "C\7\0\0\0\0\0\0\0Q.",
                "(C\1xtQ.",
                "t.",
                "e.",
                "]N",
                "0.",
                "2.",
                "q\0.",
                "gx\n.",
                "g\n.",
                "g99999999999\n.",
                "Nr\377\377\377\377.",
                "\u0080\6N.",
                "\u0097.",
                "\377.",
                "R.",
                "b.",
                "a.",
                "s.",
                "}NNu.",
                "S'x",
                "Pshort\n.",
                "."
            })
    void scan_unreadable_throws(String state) {
        assertThatThrownBy(() -> scan(state))
                .isInstanceOf(PickleException.class)
                .hasMessageContaining("offset ");
    }

    @Test
    void scan_unreadable_namesOffsetInRecord() {
        byte[] record = ("xx" + CLASS + "N\377.").getBytes(StandardCharsets.ISO_8859_1);

        assertThatThrownBy(() -> scanner.scan(record, 2, record.length - 2))
                .isInstanceOfSatisfying(
                        PickleException.class, e -> assertThat(e.offset()).isEqualTo(CLASS.length() + 1));
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void scan_truncatedAnywhere_throws(Golden golden) throws PickleException {
        int end = golden.record.length - 1;
        assertThat(strong(Arrays.copyOf(golden.record, end + 1))).isEqualTo(golden.oids);
        for (int length = 0; length < end; length++) {
            byte[] truncated = Arrays.copyOf(golden.record, length);
            assertThatThrownBy(() -> strong(truncated)).isInstanceOf(PickleException.class);
        }
    }

    @Test
    void scan_randomBytes_endsWithAnExceptionOrReferences() {
        SplittableRandom random = new SplittableRandom(5);
        List<Golden> corpus = corpus().toList();
        int readable = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] record = corpus.get(random.nextInt(corpus.size())).record.clone();
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                record[random.nextInt(record.length)] = (byte) random.nextInt(256);
            }
            try {
                strong(record);
                readable++;
            } catch (PickleException e) {
                assertThat(e.offset()).isBetween(0, record.length);
            }
        }
        assertThat(readable).isBetween(1, 19_999);
    }
}
