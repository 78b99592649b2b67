package io.zeolite.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.pickle.PyCall;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyGlobal;
import io.zeolite.pickle.PyTuple;
import java.util.List;
import org.junit.jupiter.api.Test;

class ErrorRepliesTest {
    private static final byte[] OID = {0, 0, 0, 0, 0, 0, 1, 0x2d};
    private static final PyGlobal CLASS = new PyGlobal("ZODB.POSException", "UndoError");

    private static ZeoException undo(Object... reasons) {
        List<PyTuple> errors =
                List.of(reasons).stream().map(reason -> PyTuple.of(OID, reason)).toList();
        return ErrorReplies.toException("ZODB.POSException.MultipleUndoErrors", new PyDict().put("_errs", errors));
    }

    /** As Python's server sends it in its two encodings. */
    @Test
    void toException_undoErrorWithItsAttributes_hasTheReason() {
        PyDict attributes = new PyDict()
                .put("_reason", "Can't undo modified")
                .put("_oid", OID)
                .put("args", PyTuple.of("not this"));
        PyCall pickled = new PyCall(new PyGlobal("ZODB.POSException", "_recon"), PyTuple.of(CLASS, attributes));
        PyTuple packed = PyTuple.of("ZODB.POSException.UndoError", attributes);

        assertThat(undo(pickled, packed))
                .hasMessage("undo failed: 0x012d: Can't undo modified; 0x012d: Can't undo modified");
    }

    @Test
    void toException_undoErrorsOfOtherKinds_haveTheTextThatThereIs() {
        assertThat(undo("a text", new PyCall(CLASS, PyTuple.of(1L, "an argument")), 7L))
                .hasMessage("undo failed: 0x012d: a text; 0x012d: an argument; 0x012d: 7");
    }
}
