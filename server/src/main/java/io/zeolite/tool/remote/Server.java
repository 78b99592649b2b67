package io.zeolite.tool.remote;

import io.zeolite.client.connection.BlockingConnection;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.client.connection.ServerMessages;
import io.zeolite.error.ZeoException;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Which server a tool speaks to.
 *
 * @param name the address as the user wrote it
 * @param timeout how long an answer may take that takes no work; not zero
 * @param options how to connect
 */
public record Server(String name, SocketAddress address, Duration timeout, ConnectionOptions options) {
    /** Connects and asks for a storage, to read. */
    BlockingConnection connect(String storage) throws IOException {
        BlockingConnection connection = BlockingConnection.open(address, options, ServerMessages.IGNORED);
        try {
            connection.register(storage, true, timeout);
            return connection;
        } catch (IOException | RuntimeException | Error e) {
            connection.close();
            throw refused(e, "storage " + storage + " of " + name);
        }
    }

    /** What to throw for a failure: an error of the server's becomes one that says whose it is. */
    static IOException refused(@Nullable Throwable failure, String what) throws IOException {
        if (failure instanceof ZeoException error) {
            return new IOException(what + ": the server answered " + error.getMessage(), error);
        } else if (failure instanceof IOException known) {
            return known;
        } else if (failure instanceof RuntimeException bug) {
            throw bug;
        }
        throw new IllegalStateException(failure);
    }
}
