package io.zeolite.tool;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON for scripts, written as it comes, in ASCII. */
public final class Json {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
            .build();

    private Json() {}

    /** Writes one document. To be closed, which leaves {@code out} open and ends the line. */
    public static JsonGenerator document(PrintStream out) throws IOException {
        return FACTORY.createGenerator(new LineEnd(out)).useDefaultPrettyPrinter();
    }

    /** Writes one object on each line. To be closed, which leaves {@code out} open. */
    public static JsonGenerator lines(PrintStream out) throws IOException {
        return FACTORY.createGenerator(new LineEnd(out)).setPrettyPrinter(new MinimalPrettyPrinter("\n"));
    }

    /**
     * Reads one document: maps in their order, lists, texts, {@link Long}, {@link BigInteger}, {@link Double},
     * {@link Boolean} and null.
     *
     * @throws IOException if it is none
     */
    public static @Nullable Object read(String text) throws IOException {
        try (JsonParser parser = FACTORY.createParser(text)) {
            parser.nextToken();
            return value(parser);
        }
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            throw new IOException("not JSON: it is empty");
        }
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> integer(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    private static Object integer(BigInteger value) {
        if (value.bitLength() < Long.SIZE) {
            return value.longValue();
        }
        return value;
    }

    /** Writes a value that {@link #read} gives, or one of Python's: bytes become text, tuples lists. */
    public static void write(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof Boolean bool) {
            json.writeBoolean(bool);
        } else if (value instanceof Long || value instanceof Integer) {
            json.writeNumber(((Number) value).longValue());
        } else if (value instanceof BigInteger number) {
            json.writeNumber(number);
        } else if (value instanceof Double number) {
            writeNumber(json, number);
        } else if (value instanceof byte[] bytes) {
            json.writeString(Texts.utf8(bytes));
        } else if (value instanceof List<?> list) {
            writeArray(json, list);
        } else if (value instanceof PyTuple tuple) {
            json.writeStartArray();
            for (int i = 0; i < tuple.size(); i++) {
                write(json, tuple.get(i));
            }
            json.writeEndArray();
        } else if (value instanceof Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.writeFieldName(String.valueOf(entry.getKey()));
                write(json, entry.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof PyDict dict) {
            json.writeStartObject();
            for (PyDict.Entry entry : dict.entries()) {
                json.writeFieldName(name(entry.key()));
                write(json, entry.value());
            }
            json.writeEndObject();
        } else {
            json.writeString(value.toString());
        }
    }

    /** Without an exponent, in which times would come. */
    private static void writeNumber(JsonGenerator json, Double number) throws IOException {
        if (number.isNaN() || number.isInfinite()) {
            json.writeNumber(number);
        } else {
            json.writeNumber(BigDecimal.valueOf(number));
        }
    }

    private static void writeArray(JsonGenerator json, List<?> list) throws IOException {
        json.writeStartArray();
        for (Object element : list) {
            write(json, element);
        }
        json.writeEndArray();
    }

    private static String name(@Nullable Object key) {
        return key instanceof byte[] bytes ? Texts.utf8(bytes) : String.valueOf(key);
    }

    /** Ends what is written with a new line when it is closed, and leaves the stream below open. */
    private static final class LineEnd extends FilterOutputStream {
        private boolean written;

        LineEnd(PrintStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            written = written || length > 0;
        }

        @Override
        public void close() throws IOException {
            if (written) {
                out.write('\n');
            }
            out.flush();
        }
    }
}
