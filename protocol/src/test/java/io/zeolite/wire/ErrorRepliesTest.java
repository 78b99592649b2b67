package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.error.CallException;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.UndoException;
import io.zeolite.error.ZeoException;
import io.zeolite.message.Message;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The bytes that Python's server sends for the same exception as the answer to call 9. */
class ErrorRepliesTest {
    private static final long OID = 5;
    private static final long COMMITTED = 0x040d3010aae9ff88L;
    private static final long READ = 0x040d3010aae9ff77L;

    static Stream<Arguments> replies() {
        return Stream.of(
                Arguments.of(
                        PosKeyException.noObject(OID),
                        "8003284b094b0258060000002e7265706c79581d0000005a4f44422e504f53457863657074696f6e2e504f534b"
                                + "65794572726f72430800000000000000058586742e",
                        "940902a62e7265706c7992bd5a4f44422e504f53457863657074696f6e2e504f534b65794572726f7291c40800"
                                + "00000000000005"),
                Arguments.of(
                        PosKeyException.noRevision(OID, READ),
                        "8003284b094b0258060000002e7265706c79581d0000005a4f44422e504f53457863657074696f6e2e504f534b"
                                + "65794572726f72430800000000000000058586742e",
                        "940902a62e7265706c7992bd5a4f44422e504f53457863657074696f6e2e504f534b65794572726f7291c40800"
                                + "00000000000005"),
                Arguments.of(
                        PosKeyException.noBlob("/x", OID, COMMITTED),
                        "8003284b094b0258060000002e7265706c79581d0000005a4f44422e504f53457863657074696f6e2e504f534b"
                                + "65794572726f7258120000004e6f20626c6f622066696c65206174202f78430800000000000000054308040d30"
                                + "10aae9ff888786742e",
                        "940902a62e7265706c7992bd5a4f44422e504f53457863657074696f6e2e504f534b65794572726f7293b24e6f"
                                + "20626c6f622066696c65206174202f78c4080000000000000005c408040d3010aae9ff88"),
                Arguments.of(
                        ConflictException.onWrite(OID, COMMITTED, READ),
                        "8003284b094b0258060000002e7265706c79581f0000005a4f44422e504f53457863657074696f6e2e436f6e66"
                                + "6c6963744572726f727d2858070000006d6573736167655817000000646174616261736520636f6e666c696374"
                                + "206572726f7258030000006f696443080000000000000005580a000000636c6173735f6e616d654e5807000000"
                                + "73657269616c734308040d3010aae9ff884308040d3010aae9ff77867586742e",
                        "940902a62e7265706c7992bf5a4f44422e504f53457863657074696f6e2e436f6e666c6963744572726f7284a7"
                                + "6d657373616765b7646174616261736520636f6e666c696374206572726f72a36f6964c4080000000000000005"
                                + "aa636c6173735f6e616d65c0a773657269616c7392c408040d3010aae9ff88c408040d3010aae9ff77"),
                Arguments.of(
                        ConflictException.onRead(OID, COMMITTED, READ),
                        "8003284b094b0258060000002e7265706c7958230000005a4f44422e504f53457863657074696f6e2e52656164"
                                + "436f6e666c6963744572726f727d2858070000006d657373616765581c00000064617461626173652072656164"
                                + "20636f6e666c696374206572726f7258030000006f696443080000000000000005580a000000636c6173735f6e"
                                + "616d654e580700000073657269616c734308040d3010aae9ff884308040d3010aae9ff77867586742e",
                        "940902a62e7265706c7992d9235a4f44422e504f53457863657074696f6e2e52656164436f6e666c6963744572"
                                + "726f7284a76d657373616765bc6461746162617365207265616420636f6e666c696374206572726f72a36f6964"
                                + "c4080000000000000005aa636c6173735f6e616d65c0a773657269616c7392c408040d3010aae9ff88c408040d"
                                + "3010aae9ff77"),
                Arguments.of(
                        TransactionException.notPresent(null, 12345L),
                        "8003284b094b0258060000002e7265706c7958290000005a4f44422e504f53457863657074696f6e2e53746f72"
                                + "6167655472616e73616374696f6e4572726f724e4d39308686742e",
                        "940902a62e7265706c7992d9295a4f44422e504f53457863657074696f6e2e53746f726167655472616e736163"
                                + "74696f6e4572726f7292c0cd3039"),
                Arguments.of(
                        TransactionException.notPresent(7L, 12345L),
                        "8003284b094b0258060000002e7265706c7958290000005a4f44422e504f53457863657074696f6e2e53746f72"
                                + "6167655472616e73616374696f6e4572726f724b074d39308686742e",
                        "940902a62e7265706c7992d9295a4f44422e504f53457863657074696f6e2e53746f726167655472616e736163"
                                + "74696f6e4572726f729207cd3039"),
                Arguments.of(
                        new TransactionException("Already voting (locked)"),
                        "8003284b094b0258060000002e7265706c7958290000005a4f44422e504f53457863657074696f6e2e53746f72"
                                + "6167655472616e73616374696f6e4572726f725817000000416c726561647920766f74696e6720286c6f636b65"
                                + "64298586742e",
                        "940902a62e7265706c7992d9295a4f44422e504f53457863657074696f6e2e53746f726167655472616e736163"
                                + "74696f6e4572726f7291b7416c726561647920766f74696e6720286c6f636b656429"),
                Arguments.of(
                        new ReadOnlyException(),
                        "8003284b094b0258060000002e7265706c79581f0000005a4f44422e504f53457863657074696f6e2e52656164"
                                + "4f6e6c794572726f722986742e",
                        "940902a62e7265706c7992bf5a4f44422e504f53457863657074696f6e2e526561644f6e6c794572726f7290"),
                Arguments.of(
                        CallException.badValue("unknown storage: nope"),
                        "8003284b094b0258060000002e7265706c7958130000006275696c74696e732e56616c75654572726f72581500"
                                + "0000756e6b6e6f776e2073746f726167653a206e6f70658586742e",
                        "940902a62e7265706c7992b36275696c74696e732e56616c75654572726f7291b5756e6b6e6f776e2073746f72"
                                + "6167653a206e6f7065"),
                Arguments.of(
                        CallException.badArguments("x"),
                        "8003284b094b0258060000002e7265706c7958120000006275696c74696e732e547970654572726f7258010000"
                                + "00788586742e",
                        "940902a62e7265706c7992b26275696c74696e732e547970654572726f7291a178"),
                Arguments.of(
                        CallException.unsupported("x"),
                        "8003284b094b0258060000002e7265706c7958170000006275696c74696e732e4174747269627574654572726f"
                                + "725801000000788586742e",
                        "940902a62e7265706c7992b76275696c74696e732e4174747269627574654572726f7291a178"),
                Arguments.of(
                        CallException.unknownNumber("iterator", 77),
                        "8003284b094b0258060000002e7265706c7958110000006275696c74696e732e4b65794572726f724b4d858674"
                                + "2e",
                        "940902a62e7265706c7992b16275696c74696e732e4b65794572726f72914d"),
                Arguments.of(
                        CallException.outOfOrder("finished called wo lock"),
                        "8003284b094b0258060000002e7265706c7958170000006275696c74696e732e417373657274696f6e4572726f"
                                + "72581700000066696e69736865642063616c6c656420776f206c6f636b8586742e",
                        "940902a62e7265706c7992b76275696c74696e732e417373657274696f6e4572726f7291b766696e6973686564"
                                + "2063616c6c656420776f206c6f636b"),
                Arguments.of(
                        CallException.storage("x"),
                        "8003284b094b0258060000002e7265706c79581e0000005a4f44422e504f53457863657074696f6e2e53746f72"
                                + "6167654572726f725801000000788586742e",
                        "940902a62e7265706c7992be5a4f44422e504f53457863657074696f6e2e53746f726167654572726f7291a178"),
                Arguments.of(
                        new UndoException(
                                List.of(new UndoException.Cause(OID, "some"), new UndoException.Cause(null, "bad id"))),
                        "8003284b094b0258060000002e7265706c7958240000005a4f44422e504f53457863657074696f6e2e4d756c74"
                                + "69706c65556e646f4572726f72737d58050000005f657272735d28430800000000000000055804000000736f6d"
                                + "65864e580600000062616420696486657386742e",
                        "940902a62e7265706c7992d9245a4f44422e504f53457863657074696f6e2e4d756c7469706c65556e646f4572"
                                + "726f727381a55f657272739292c4080000000000000005a4736f6d6592c0a6626164206964"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("replies")
    void error_encoded_isPythons(ZeoException error, String pickled, String packed) {
        Message reply = new Message.ErrorReply(9L, error.pythonClass(), error.detail());
        assertThat(Wire.encode(Wire.PICKLE, reply)).isEqualTo(pickled);
        assertThat(Wire.encode(Wire.MSGPACK, reply)).isEqualTo(packed);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("replies")
    void onlyWhatClientsProvokeAllTheTime_hasNoStackTrace(ZeoException error) {
        assertThat(error.getStackTrace().length == 0)
                .isEqualTo(error instanceof PosKeyException || error instanceof ConflictException);
    }
}
