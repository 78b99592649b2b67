package io.zeolite.client.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyGlobal;
import io.zeolite.pickle.PyInstance;
import io.zeolite.pickle.PyReference;
import io.zeolite.pickle.PySet;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ReferenceKind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectRecordTest {
    static Stream<byte[]> ofEveryKind() {
        return PythonRecords.ofEveryKind().stream();
    }

    @ParameterizedTest
    @MethodSource("ofEveryKind")
    void read_everyKindOfValue_inEveryProtocol(byte[] bytes) {
        ObjectRecord record = ObjectRecord.read(bytes);
        assertThat(record.className()).isEqualTo("persistent.mapping.PersistentMapping");
        PyDict data = record.entries();
        assertThat(data.get("none")).isNull();
        assertThat(data.get("yes")).isEqualTo(true);
        assertThat(data.get("no")).isEqualTo(false);
        assertThat(data.get("int")).isEqualTo(5L);
        assertThat(data.get("neg")).isEqualTo(-70000L);
        assertThat(data.get("big")).isEqualTo(BigInteger.TWO.pow(70));
        assertThat(data.get("float")).isEqualTo(1.5);
        assertThat(data.get("text")).isEqualTo("hällo \uD83D\uDE00");
        assertThat(data.get("bytes")).isEqualTo(new byte[] {0, -1});
        assertThat(data.get("tuple")).isEqualTo(PyTuple.of(1L, PyTuple.of(2L, 3L, 4L, 5L), PyTuple.EMPTY));
        assertThat(data.get("list")).isEqualTo(List.of(1L, "x"));
        assertThat(data.get("a")).isEqualTo(List.of(1L, 2L)).isSameAs(data.get("b"));
        assertThat(data.get("dt")).isEqualTo(LocalDateTime.of(2024, 2, 29, 12, 34, 56, 789_000));
        assertThat(data.get("d")).isEqualTo(LocalDate.of(1999, 12, 31));
        assertThat(data.get("t")).isEqualTo(LocalTime.of(1, 2, 3, 4000));
        assertThat(data.get("td")).isEqualTo(Duration.ofDays(-1).plusSeconds(5).plusNanos(6000));
        assertThat(data.get("dec")).isEqualTo(new BigDecimal("3.14"));
        assertThat(data.get("set")).isEqualTo(new PySet(List.of(7L), false));
        assertThat(data.get("frozen")).isEqualTo(new PySet(List.of(8L), true));
        assertThat(data.get("ref")).isEqualTo(PyReference.to(9, new PyGlobal("persistent.list", "PersistentList")));
        assertThat(data.get("plain")).isEqualTo(new PyReference(ReferenceKind.STRONG, 10, null, null));
        if (bytes[0] == (byte) 0x80 && bytes[1] >= 3) {
            // In older protocols Python 3 writes bytes as a call, which ZODB does for no reference.
            assertThat(ObjectRecord.references(bytes)).containsExactly(9L, 10L);
        }
    }

    @Test
    void read_recordOfPython2_textsAreAsciiAndTheRestBytes() {
        // The class with no arguments, as ZODB 3 wrote it; state of strings and an object that is no record of its own.
        byte[] old = ("(cpersistent.mapping\nPersistentMapping\nq\1Nt."
                        + "}q\2U\4dataq\3}q\4(U\5asciiq\5U\3abcU\5latinq\6U\2\u00e4b"
                        + "U\7unicodeq\7X\2\0\0\0hiU\3objq\10(imod\nCls\nq\11}q\12U\1xK\7sbus.")
                .getBytes(StandardCharsets.ISO_8859_1);
        ObjectRecord record = ObjectRecord.read(old);
        assertThat(record.className()).isEqualTo("persistent.mapping.PersistentMapping");
        assertThat(record.entries().get("ascii")).isEqualTo("abc");
        assertThat(record.entries().get("latin")).isEqualTo(new byte[] {(byte) 0xe4, 'b'});
        assertThat(record.entries().get("unicode")).isEqualTo("hi");
        assertThat(record.entries().get("obj")).isInstanceOfSatisfying(PyInstance.class, object -> {
            assertThat(object.type()).isEqualTo(new PyGlobal("mod", "Cls"));
            assertThat(object.state()).isEqualTo(new PyDict().put("x", 7L));
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {999, 1000, 1001, 100_000})
    void read_decimal_isANumberUnlessItIsVeryLong(int digits) {
        ByteBuffer record = ByteBuffer.allocate(digits + 100).order(ByteOrder.LITTLE_ENDIAN);
        record.put("(cmod\nCls\nNt.".getBytes(StandardCharsets.US_ASCII));
        record.put("cdecimal\nDecimal\n(X".getBytes(StandardCharsets.US_ASCII));
        record.putInt(digits).put("7".repeat(digits).getBytes(StandardCharsets.US_ASCII));
        record.put("tR.".getBytes(StandardCharsets.US_ASCII));
        Object state = ObjectRecord.read(Arrays.copyOf(record.array(), record.position()))
                .state();
        assertThat(state).isInstanceOf(digits <= 1000 ? BigDecimal.class : PyInstance.class);
    }

    @Test
    void write_simpleRecords_areThoseOfPythonByteForByte() {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        entries.put("hello", "world");
        entries.put("n", Arrays.asList(1, 2.5f, null));
        assertThat(hex(ObjectRecord.mapping(entries).toBytes())).isEqualTo(hex(PythonRecords.mapping()));
        assertThat(hex(ObjectRecord.list(List.of(1, "two")).toBytes())).isEqualTo(hex(PythonRecords.list()));
        assertThat(hex(ObjectRecord.blob().toBytes())).isEqualTo(hex(PythonRecords.blob()));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void write_references_areReadAgain() {
        PyReference child = PyReference.to(1L << 40, ObjectRecord.LIST);
        PyReference bare = new PyReference(ReferenceKind.STRONG, 3, null, null);
        byte[] record = ObjectRecord.mapping(Map.of("child", child, "others", List.of(bare, child)))
                .toBytes();
        assertThat(ObjectRecord.references(record)).containsExactlyInAnyOrder(1L << 40, 3L);
        ObjectRecord read = ObjectRecord.read(record);
        assertThat(read.entries().get("child")).isEqualTo(child);
        assertThat(read.entries().get("others")).isEqualTo(List.of(bare, child));
        assertThat(ObjectRecord.read(read.toBytes()).entries().get("child")).isEqualTo(child);
    }

    @Test
    void write_whatOnlyPythonCan_isRefused() {
        assertThatThrownBy(() -> ObjectRecord.mapping(Map.of("x", new Object())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Object (expected:");
        ObjectRecord read = ObjectRecord.read(PythonRecords.ofEveryKind().get(0));
        assertThatThrownBy(read::toBytes).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void read_valueThatContainsItself_isRefused() {
        byte[] record = "cm\nC\n.]q\0h\0a.".getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> ObjectRecord.read(record))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("contains itself");
    }

    @Test
    void read_valueThatGrowsWithoutEnd_isRefused() {
        StringBuilder bomb = new StringBuilder("cm\nC\n.)");
        bomb.append("2\206".repeat(100)).append('.');
        assertThatThrownBy(() -> ObjectRecord.read(bomb.toString().getBytes(StandardCharsets.ISO_8859_1)))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("parts or more");
        byte[] deep =
                ("cm\nC\n." + "]".repeat(100_000) + "a".repeat(99_999) + ".").getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> ObjectRecord.read(deep))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("deep");
    }

    @Test
    void read_anyBytes_giveARecordOrASayingException() {
        Random random = new Random(7);
        List<byte[]> good = PythonRecords.ofEveryKind();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = good.get(i % good.size()).clone();
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            byte[] record = Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length));
            Throwable thrown = catchThrowable(() -> ObjectRecord.read(record));
            if (thrown != null) {
                assertThat(thrown).isInstanceOf(BadRecordException.class);
            }
        }
    }
}
