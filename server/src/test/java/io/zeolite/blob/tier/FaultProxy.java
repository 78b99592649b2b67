package io.zeolite.blob.tier;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Stands between a client and a store, and does to their conversation what networks and stores do. */
public final class FaultProxy implements Closeable {
    /** What happens to a request, from when it is set. */
    public sealed interface Fault {
        record None() implements Fault {}

        /** The request is read and nothing ever comes back. */
        record Hang() implements Fault {}

        /** Nothing more of the request is read, and nothing ever comes back. */
        record Deaf() implements Fault {}

        /** An answer with this status, in the place of the store's. */
        record Status(int code) implements Fault {}

        /** A page in the place of the store's answer, as proxies have them, with such a status and such headers. */
        record Page(int code, String headers, String body) implements Fault {
            public Page(String headers, String body) {
                this(200, headers, body);
            }
        }

        /** The headers that all begin alike come under other names: of a store that does not send them. */
        record Plain(String start) implements Fault {}

        /** The connection breaks after so many bytes of the answer. */
        record Cut(int bytes) implements Fault {}

        /** The answer comes, at no more than so many bytes a second. */
        record Slow(int bytesPerSecond) implements Fault {}

        /** The answer comes byte by byte, with so many milliseconds between them. */
        record Trickle(int pauseMillis) implements Fault {}

        /**
         * The store is far away: what is asked for comes after so long, at no more than so many bytes a second on each
         * connection, and to make a connection takes as long again.
         */
        record Distant(Duration roundTrip, long bytesPerSecond) implements Fault {}

        /** After so many bytes of the answer the rest waits until the latch is open. */
        record Hold(int bytes, CountDownLatch latch) implements Fault {}
    }

    private final ServerSocket listener;
    private final int upstreamPort;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger times = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Fault fault = new Fault.None();

    private FaultProxy(ServerSocket listener, int upstreamPort) {
        this.listener = listener;
        this.upstreamPort = upstreamPort;
    }

    public static FaultProxy before(int upstreamPort) throws IOException {
        FaultProxy proxy = new FaultProxy(new ServerSocket(0, 100, InetAddress.getLoopbackAddress()), upstreamPort);
        proxy.start("accept", proxy::accept);
        return proxy;
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    /** How many requests have come. */
    public int requests() {
        return requests.get();
    }

    /** How many connections have come. */
    public int connections() {
        return connections.get();
    }

    public void set(Fault next) {
        skipped.set(0);
        set(next, Integer.MAX_VALUE);
    }

    /** Does it to so many requests, and nothing to those that follow. */
    public void set(Fault next, int requestCount) {
        times.set(requestCount);
        fault = next;
    }

    /** Lets so many requests pass, and does it to the one that follows. */
    public void setAfter(int passing, Fault next) {
        setAfter(passing, next, 1);
    }

    /** Lets so many requests pass, and does it to as many as said that follow. */
    public void setAfter(int passing, Fault next, int requestCount) {
        skipped.set(passing);
        set(next, requestCount);
    }

    /** Whether it has been done to as many requests as was said. */
    public boolean isSpent() {
        return times.get() <= 0;
    }

    private Fault next() {
        if (skipped.getAndUpdate(count -> Math.max(0, count - 1)) > 0) {
            return new Fault.None();
        }
        return times.getAndDecrement() > 0 ? fault : new Fault.None();
    }

    private interface Task {
        void run() throws IOException;
    }

    private void start(String name, Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // A connection has ended, as those do here.
                    }
                },
                "fault-proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = listener.accept();
            sockets.add(client);
            connections.incrementAndGet();
            start("in", () -> new Conversation(client).requests());
        }
    }

    private final class Conversation {
        private final Socket client;
        private final Socket server;
        private volatile Fault current = new Fault.None();
        private final AtomicLong answered = new AtomicLong();
        private long firstByteNanos;

        Conversation(Socket client) throws IOException {
            this.client = client;
            this.server = new Socket(InetAddress.getLoopbackAddress(), upstreamPort);
            sockets.add(server);
            start("out", this::answers);
        }

        void requests() throws IOException {
            try {
                passRequests();
            } finally {
                closeBoth();
            }
        }

        private void passRequests() throws IOException {
            byte[] buffer = new byte[1 << 16];
            InputStream in = client.getInputStream();
            OutputStream out = server.getOutputStream();
            if (fault instanceof Fault.Distant distant) {
                sleep(distant.roundTrip().toMillis());
            }
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (startsRequest(buffer, count)) {
                    requests.incrementAndGet();
                    answered.set(0);
                    current = next();
                }
                if (current instanceof Fault.Status status) {
                    String answer =
                            "HTTP/1.1 " + status.code() + " Trouble\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                    client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    break;
                } else if (current instanceof Fault.Page page) {
                    String answer = "HTTP/1.1 " + page.code() + " Page\r\nContent-Length: "
                            + page.body().length() + "\r\n" + page.headers() + "Connection: close\r\n\r\n"
                            + page.body();
                    client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    break;
                } else if (current instanceof Fault.Deaf) {
                    await(closed);
                    break;
                } else if (!(current instanceof Fault.Hang)) {
                    out.write(buffer, 0, count);
                }
            }
        }

        private static boolean startsRequest(byte[] buffer, int count) {
            String start = new String(buffer, 0, Math.min(count, 8), StandardCharsets.US_ASCII);
            return start.matches("(?s)(GET|PUT|HEAD|POST|DELETE) .*");
        }

        void answers() throws IOException {
            try {
                passAnswers();
            } finally {
                closeBoth();
            }
        }

        private void passAnswers() throws IOException {
            byte[] buffer = new byte[1 << 16];
            InputStream in = server.getInputStream();
            OutputStream out = client.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (current instanceof Fault.Trickle trickle) {
                    for (int i = 0; i < count; i++) {
                        out.write(buffer, i, 1);
                        sleep(trickle.pauseMillis());
                    }
                    continue;
                }
                if (current instanceof Fault.Plain plain) {
                    String text = new String(buffer, 0, count, StandardCharsets.ISO_8859_1);
                    String other = "z".repeat(plain.start().length());
                    out.write(text.replace(plain.start(), other).getBytes(StandardCharsets.ISO_8859_1));
                    continue;
                }
                int before = count;
                if (current instanceof Fault.Cut cut) {
                    before = (int) Math.min(count, Math.max(0, cut.bytes() - answered.get()));
                } else if (current instanceof Fault.Hold hold) {
                    before = (int) Math.min(count, Math.max(0, hold.bytes() - answered.get()));
                }
                if (current instanceof Fault.Slow slow) {
                    sleep(count * 1000L / slow.bytesPerSecond());
                } else if (current instanceof Fault.Distant distant) {
                    if (answered.get() == 0) {
                        firstByteNanos = System.nanoTime() + distant.roundTrip().toNanos();
                    }
                    awaitTime(firstByteNanos + (long) (answered.get() * 1e9 / distant.bytesPerSecond()));
                }
                out.write(buffer, 0, before);
                if (before < count) {
                    if (current instanceof Fault.Cut) {
                        break;
                    } else if (current instanceof Fault.Hold hold) {
                        await(hold.latch());
                    }
                    out.write(buffer, before, count - before);
                }
                answered.addAndGet(count);
            }
        }

        private static void awaitTime(long due) {
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }

        private static void sleep(long millis) {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void closeBoth() throws IOException {
            client.close();
            server.close();
            sockets.remove(client);
            sockets.remove(server);
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
