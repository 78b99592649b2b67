package io.zeolite.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PickleWriterTest {
    @Test
    void list_ofMoreThanABatch_isWrittenInBatches() {
        assertThat(write(Collections.nCopies(1001, null))).isEqualTo("80035d28" + "4e".repeat(1000) + "65284e652e");
        assertThat(write(Collections.nCopies(1000, null))).isEqualTo("80035d28" + "4e".repeat(1000) + "652e");
        assertThat(write(List.of(1L))).isEqualTo("80035d4b01612e");
    }

    /** Python's pickler sees the end of a dict one batch too late. */
    @Test
    void dict_ofWholeBatches_endsInAnEmptyOne() {
        PyDict dict = new PyDict();
        for (int i = 0; i < 1000; i++) {
            dict.put(null, null);
        }
        assertThat(write(dict)).isEqualTo("80037d28" + "4e4e".repeat(1000) + "7528752e");
        dict.put(null, null);
        assertThat(write(dict)).isEqualTo("80037d28" + "4e4e".repeat(1000) + "75284e4e752e");
    }

    @Test
    void oids_areAListOfEightBytesEach() {
        assertThat(write(new long[] {})).isEqualTo("80035d2e");
        assertThat(write(new long[] {-2})).isEqualTo("80035d4308fffffffffffffffe612e");
        assertThat(write(new long[1001]))
                .isEqualTo("80035d28" + "43080000000000000000".repeat(1000) + "652843080000000000000000652e");
    }

    @Test
    void loneSurrogate_isWrittenAsPythonDoes() {
        assertThat(write("\ud800\udc00\ud800a")).isEqualTo("80035808000000f0908080eda080612e");
    }

    @Test
    void value_thatIsNoPlainOne_isRefused() {
        assertThatThrownBy(() -> write(PyTuple.of(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Integer");
        assertThatThrownBy(() -> write(new PyGlobal("builtins", "int"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> write(new PyPrefix("/"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void value_thatHoldsItself_isRefused() {
        PyDict dict = new PyDict();
        dict.put("self", dict);
        assertThatThrownBy(() -> write(dict))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nested");
    }

    private static String write(@Nullable Object value) {
        ByteBuf out = Unpooled.buffer();
        PickleWriter.write(value, out);
        return ByteBufUtil.hexDump(out);
    }
}
