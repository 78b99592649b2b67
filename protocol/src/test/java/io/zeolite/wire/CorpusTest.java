package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufUtil;
import io.zeolite.message.Message;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PickleReader;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Random values that Python wrote, in {@code golden/corpus.txt}. A line {@code message Z M} is one message in both
 * encodings, or with a dash for M where msgpack cannot hold it; {@code extension Z stored} is a dict in a message and the
 * bytes that Python's server stores for it.
 */
class CorpusTest {
    @Test
    void messages_decodedAndEncoded_areTheSame() throws MalformedMessageException {
        for (String[] line : lines("message")) {
            Message message = Wire.decode(Wire.PICKLE, line[1]);
            assertThat(Wire.encode(Wire.PICKLE, message)).isEqualTo(line[1]);
            if (!line[2].equals("-")) {
                Message packed = Wire.decode(Wire.MSGPACK, line[2]);
                assertThat(MessageTuple.of(packed)).isEqualTo(MessageTuple.of(Wire.withoutLists(message)));
                assertThat(Wire.encode(Wire.MSGPACK, packed)).isEqualTo(line[2]);
                assertThat(Wire.encode(Wire.MSGPACK, message)).isEqualTo(line[2]);
            }
        }
    }

    @Test
    void extensions_encoded_areWhatPythonStores() throws Exception {
        for (String[] line : lines("extension")) {
            Object args = PickleReader.read(ByteBufUtil.decodeHexDump(line[1]));
            PyDict extension = (PyDict) Objects.requireNonNull(((PyTuple) Objects.requireNonNull(args)).get(0));
            byte[] stored = ByteBufUtil.decodeHexDump(line[2]);
            assertThat(ByteBufUtil.hexDump(ExtensionPickle.encode(extension))).isEqualTo(line[2]);
            assertThat(ExtensionPickle.encode(ExtensionPickle.decode(stored))).isEqualTo(stored);
        }
    }

    private static List<String[]> lines(String kind) {
        List<String[]> lines = Recording.resource("corpus.txt")
                .lines()
                .map(line -> line.split(" "))
                .filter(line -> line[0].equals(kind))
                .toList();
        assertThat(lines).hasSizeGreaterThan(50);
        return lines;
    }
}
