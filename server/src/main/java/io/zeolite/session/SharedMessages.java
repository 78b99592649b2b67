package io.zeolite.session;

import io.zeolite.message.Message;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Messages that many clients are sent, encoded once for each encoding. Any thread. */
public final class SharedMessages {
    private final List<Message> messages;
    private final Map<String, Object> encoded = new ConcurrentHashMap<>();

    /** @param messages nobody changes them any more */
    public SharedMessages(List<Message> messages) {
        this.messages = messages;
    }

    /** The messages. */
    public List<Message> all() {
        return messages;
    }

    /**
     * The messages as bytes, made by the first who asks.
     *
     * @param encoding its name
     * @param kind what {@code encode} gives, always the same
     */
    public <T> T encoded(String encoding, Class<T> kind, Function<List<Message>, T> encode) {
        return kind.cast(encoded.computeIfAbsent(encoding, any -> encode.apply(messages)));
    }
}
