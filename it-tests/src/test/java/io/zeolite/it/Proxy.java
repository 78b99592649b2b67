package io.zeolite.it;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Stands between clients and a server, and is the network that one fears. Any thread. */
public final class Proxy implements Closeable {
    private static final int BUFFER_BYTES = 1 << 14;
    private static final long POLL_NANOS = 1_000_000;

    private final ServerSocket listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicLong connections = new AtomicLong();
    private volatile int target;
    private volatile boolean refuses;
    private volatile boolean holdsRequests;
    /** How many bytes of answers go on before the others are kept. */
    private final AtomicLong allowance = new AtomicLong(Long.MAX_VALUE);

    private final AtomicLong heldRequestBytes = new AtomicLong();
    private final AtomicLong answerBytes = new AtomicLong();
    private volatile long delayNanos;

    public Proxy(int target) throws IOException {
        this.target = target;
        start("proxy", this::accept);
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    public String text() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** Leads to another port from the next connection on. */
    public void lead(int port) {
        target = port;
    }

    /** Whether new connections are closed at once. */
    public void refuse(boolean yes) {
        refuses = yes;
    }

    /** Whether what clients send is kept, and goes on later. */
    public void holdRequests(boolean yes) {
        holdsRequests = yes;
    }

    /** How many bytes of clients have been kept, from the first on; some may have gone on later. */
    public long heldRequestBytes() {
        return heldRequestBytes.get();
    }

    /** Whether what the server sends is kept, and goes on later. */
    public void holdAnswers(boolean yes) {
        allowance.set(yes ? 0 : Long.MAX_VALUE);
    }

    /** Keeps what the server sends but for the next so many bytes. */
    public void passAnswers(long bytes) {
        allowance.set(bytes);
    }

    /** How many bytes servers have sent that went on. */
    public long answerBytes() {
        return answerBytes.get();
    }

    /** How long each piece is kept. */
    public void delay(long nanos) {
        delayNanos = nanos;
    }

    /** How many connections there have been. */
    public long connections() {
        return connections.get();
    }

    /** Ends all connections; what is kept is lost. */
    public void cut() {
        sockets.forEach(Proxy::close);
        sockets.clear();
    }

    /** Sends bytes of the test's to all clients. */
    public void inject(byte[] bytes) {
        sockets.stream()
                .filter(socket -> socket.getLocalPort() == listener.getLocalPort())
                .forEach(socket -> {
                    try {
                        socket.getOutputStream().write(bytes);
                    } catch (IOException e) {
                        close(socket);
                    }
                });
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                connections.incrementAndGet();
                if (refuses) {
                    close(client);
                } else {
                    connect(client);
                }
            } catch (IOException e) {
                // The server is away, or this is the end.
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private void connect(Socket client) throws IOException {
        Socket server;
        try {
            server = new Socket(InetAddress.getLoopbackAddress(), target);
        } catch (IOException e) {
            close(client);
            throw e;
        }
        server.setTcpNoDelay(true);
        client.setTcpNoDelay(true);
        sockets.add(client);
        sockets.add(server);
        start("proxy-up", () -> pass(client, server, true));
        start("proxy-down", () -> pass(server, client, false));
    }

    private void pass(Socket from, Socket to, boolean up) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                if (up && holdsRequests) {
                    heldRequestBytes.addAndGet(length);
                    while (holdsRequests && !to.isClosed()) {
                        LockSupport.parkNanos(POLL_NANOS);
                    }
                }
                if (delayNanos > 0) {
                    LockSupport.parkNanos(delayNanos);
                }
                if (up) {
                    to.getOutputStream().write(buffer, 0, length);
                } else {
                    answer(buffer, length, to);
                }
            }
        } catch (IOException e) {
            // Cut, by this proxy or by either side.
        } finally {
            close(from);
            close(to);
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private void answer(byte[] buffer, int length, Socket to) throws IOException {
        for (int sent = 0; sent < length; ) {
            int missing = length - sent;
            long before =
                    allowance.getAndUpdate(left -> left == Long.MAX_VALUE ? left : left - Math.min(left, missing));
            int allowed = (int) Math.min(before, missing);
            if (allowed == 0 && !to.isClosed()) {
                LockSupport.parkNanos(POLL_NANOS);
                continue;
            }
            to.getOutputStream().write(buffer, sent, to.isClosed() ? missing : allowed);
            answerBytes.addAndGet(allowed);
            sent += allowed;
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cut();
    }
}
