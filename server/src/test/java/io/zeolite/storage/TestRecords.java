package io.zeolite.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DeflaterOutputStream;

/** Records of a transaction in memory. */
public final class TestRecords implements StagedRecords {
    private final List<Long> oids = new ArrayList<>();
    private final List<byte[]> data = new ArrayList<>();

    public static TestRecords none() {
        return new TestRecords();
    }

    public static TestRecords of(long oid, String data) {
        return none().and(oid, data);
    }

    public TestRecords and(long oid, String text) {
        return and(oid, bytes(text));
    }

    public TestRecords and(long oid, byte[] bytes) {
        oids.add(oid);
        data.add(bytes);
        return this;
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** A record as a client with {@code zc.zlibstorage} stores it. */
    public static String compressed(String record) throws IOException {
        ByteArrayOutputStream zlib = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(zlib)) {
            deflater.write(bytes(record));
        }
        return ".z" + zlib.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public int count() {
        return oids.size();
    }

    @Override
    public long oid(int i) {
        return oids.get(i);
    }

    @Override
    public int length(int i) {
        return data.get(i).length;
    }

    @Override
    public byte[] data(int i) {
        return data.get(i);
    }
}
