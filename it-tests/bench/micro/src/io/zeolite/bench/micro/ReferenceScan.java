package io.zeolite.bench.micro;

import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Finding what a record refers to, as a pack does: a mapping with ten references and 300 bytes of text. */
@State(Scope.Thread)
public class ReferenceScan {
    private static final int REFERENCES = 10;

    private final byte[] record = record();
    private long sum;
    private final RecordScanner scanner = new RecordScanner((kind, oid) -> sum += oid);

    private static byte[] record() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ascii(out, "\u0080\u0003cpersistent.mapping\nPersistentMapping\nq\u0001.\u0080\u0003}q\u0002X\u0004\0\0\0dataq\u0003}q\u0004(");
        for (int i = 0; i < REFERENCES; i++) {
            ascii(out, "K" + (char) i + "C\u0008\0\0\0\0\0\0\0" + (char) (i + 1) + "cpersistent.mapping\nPersistentMapping\n\u0086Q");
        }
        ascii(out, "K\u007fX\u002c\u0001\0\0" + "x".repeat(300) + "us.");
        return out.toByteArray();
    }

    private static void ascii(ByteArrayOutputStream out, String bytes) {
        out.writeBytes(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Benchmark
    public long scan() throws PickleException {
        sum = 0;
        scanner.scan(record, 0, record.length);
        return sum;
    }
}
