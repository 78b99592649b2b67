package io.zeolite.it;

/** The two encodings of messages, as the key {@code msgpack} of {@code <zeo>} chooses them. */
public enum Encoding {
    PICKLE("false"),
    MSGPACK("true");

    private final String msgpack;

    Encoding(String msgpack) {
        this.msgpack = msgpack;
    }

    String msgpack() {
        return msgpack;
    }
}
