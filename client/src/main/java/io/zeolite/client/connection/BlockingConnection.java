package io.zeolite.client.connection;

import io.zeolite.error.ZeoException;
import io.zeolite.pickle.PyTuple;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ZeoConnection} for threads that can wait, with its own event loop. Errors of the server are thrown as
 * {@link ZeoException}s.
 */
public final class BlockingConnection implements AutoCloseable {
    private final ClientLoops loops;
    private final ZeoConnection connection;

    private BlockingConnection(ClientLoops loops, ZeoConnection connection) {
        this.loops = loops;
        this.connection = connection;
    }

    /**
     * Connects to a server.
     *
     * @throws DisconnectedException if nobody listens, or it is no ZEO server of protocol 5
     */
    public static BlockingConnection open(SocketAddress address, ConnectionOptions options, ServerMessages messages)
            throws IOException {
        ClientLoops loops = new ClientLoops(1);
        try {
            ZeoConnection connection = await(
                    ZeoConnection.open(loops, address, options, messages), "the handshake", address, Duration.ZERO);
            return new BlockingConnection(loops, connection);
        } catch (IOException | RuntimeException | Error e) {
            loops.close();
            throw e;
        }
    }

    /** See {@link ZeoConnection#register}. */
    public long register(String storage, boolean readOnly, Duration timeout) throws IOException {
        return await(connection.register(storage, readOnly), "register", connection.address(), timeout);
    }

    /**
     * Calls a method and waits for the answer.
     *
     * @param timeout how long; zero for as long as it takes
     * @throws ZeoException if the server answered with an error
     * @throws CallTimeoutException if it did not answer in time
     * @throws DisconnectedException if the connection ends before
     */
    public @Nullable Object call(Duration timeout, String method, PyTuple args) throws IOException {
        return await(connection.call(method, args), method, connection.address(), timeout);
    }

    /** The same connection, for those who do not want to wait. */
    public ZeoConnection async() {
        return connection;
    }

    static <T extends @Nullable Object> T await(
            CompletableFuture<T> future, String what, SocketAddress server, Duration timeout) throws IOException {
        try {
            return timeout.isZero() ? future.get() : future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new CallTimeoutException(ClientLoops.describe(server), what, timeout);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for " + what);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException failure) {
                throw failure;
            } else if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(cause);
        }
    }

    /** Ends the connection and its event loop. */
    @Override
    public void close() {
        connection.close();
        loops.close();
    }
}
