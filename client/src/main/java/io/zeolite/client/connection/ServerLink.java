package io.zeolite.client.connection;

import io.netty.channel.EventLoop;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A connection that is made again when it breaks, to whichever server of several can be had. Any thread may call; all the
 * state is the event loop's, on which futures complete too.
 *
 * <p>All addresses are tried at once, and the first server that accepts the registration is used. One that did not, or could not
 * be verified, has its next turn after a pause, which doubles with each. With
 * {@link LinkOptions.Access#READ_ONLY_FALLBACK} a read-only server is used meanwhile, and attempts go on until one that takes
 * writes is found.
 *
 * <p>An error that escapes from a step of the link's, or from what hangs on an answer, or ends the thread of the event loop, ends the link: nobody
 * knows what it has left undone, and who waits for that would wait for ever. One in the writing or reading of a message ends its connection only.
 *
 * <p>A server that has said nothing for half of {@link LinkOptions#serverTimeout} is asked something; one that says nothing
 * for all of it is given up. Each byte counts, not only whole messages; and so do those that go out before the question.
 */
public final class ServerLink implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerLink.class);

    private static final Duration TICK = Duration.ofMillis(100);

    /** A connection that breaks before counts as one that was not made. */
    private static final Duration STABLE = Duration.ofSeconds(2);

    private final ClientLoops loops = new ClientLoops(1, this::loopEnded);
    private final EventLoop loop = loops.loop();
    private final LinkOptions options;
    private final LinkUser user;
    private final LongSupplier nanoTime;
    private final List<Server> servers;

    private final ArrayDeque<Call> waiting = new ArrayDeque<>();
    private @Nullable Candidate current;
    /** Written by the event loop. */
    private volatile boolean closed;
    /** What has ended the link before it was closed. Any thread. */
    private volatile @Nullable Throwable fatal;
    /** There may be no memory for it later. */
    private final IllegalStateException endOfLoop = new IllegalStateException("its event loop has ended");

    private @Nullable Future<?> ticks;
    /** What has been logged since the last connection of why there is none. */
    private final Set<String> logged = new HashSet<>();

    private DisconnectedException lastFailure = new DisconnectedException("no server has been reached yet", null);

    /** Whether a call is made anew on another connection when the first one breaks. */
    public enum Retry {
        /** It changes nothing on the server. If it is our own failure that breaks the connection, once only. */
        YES,
        /** It fails with the connection. */
        NO
    }

    /** A link that begins to connect with {@link #start}. */
    public ServerLink(LinkOptions options, LinkUser user) {
        this(options, user, System::nanoTime);
    }

    /** @param nanoTime by which calls wait, and connections last */
    ServerLink(LinkOptions options, LinkUser user, LongSupplier nanoTime) {
        this.options = options;
        this.user = user;
        this.nanoTime = nanoTime;
        this.servers = options.addresses().stream().map(Server::new).toList();
    }

    /** Begins to connect. Returns at once. */
    public void start() {
        onLoop(() -> {
            ticks = loop.scheduleWithFixedDelay(
                    () -> guarded(this::tick), TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
            servers.forEach(Server::attempt);
        });
    }

    /**
     * Runs a step on the event loop: at once if that is the present thread.
     *
     * @throws RejectedExecutionException if the link was closed
     */
    public void onLoop(Runnable step) {
        if (loop.inEventLoop()) {
            step.run();
        } else {
            loop.execute(() -> guarded(step));
        }
    }

    /** Runs what Netty would only log an error of. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (Error e) {
            abandon(e);
        }
    }

    private void loopEnded() {
        if (!closed) {
            abandon(endOfLoop);
        }
    }

    /** Ends the link for good. In memory that is short, so what matters most comes first, and each step for itself. */
    private void abandon(Throwable failure) {
        if (fatal != null) {
            return;
        }
        fatal = failure;
        closed = true;
        Candidate candidate = current;
        ZeoConnection connection = candidate == null ? null : candidate.connection;
        if (connection != null) {
            ifPossible(() -> connection.abandon(closedReason()));
        }
        ifPossible(this::end);
        ifPossible(() -> LOG.error("the client has failed, and does nothing more", failure));
        ifPossible(loops::end);
        ifPossible(() -> user.ended(failure));
    }

    private static void ifPossible(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            // There is nobody left to be told.
        }
    }

    /** Whether it was closed, or has failed. Any thread. */
    public boolean isClosed() {
        return closed;
    }

    /** What has ended the link before it was closed; null if nothing has. Any thread. */
    public @Nullable Throwable failure() {
        return fatal;
    }

    /**
     * Ends the connection, if there is one, for an error in something that was to be done on it: a message may be missing among others.
     * On the event loop.
     */
    public void failConnection(Error error) {
        Candidate candidate = current;
        if (candidate != null && candidate.connection != null) {
            candidate.connection.fail("was given up after " + error, error);
        }
    }

    /** Runs a step on the event loop some time later, unless the link is closed before. */
    public void afterwards(Duration delay, Runnable step) {
        try {
            loop.schedule(() -> guarded(step), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("a step is not taken any more: {}", e.toString());
        }
    }

    /**
     * Calls a method when there is a connection.
     *
     * @return completes on the event loop; fails with {@link DisconnectedException} if there was no connection in time, or
     *     it broke and the call may not be made again
     */
    public CompletableFuture<@Nullable Object> call(String method, PyTuple args, Retry retry) {
        Call call = new Call(method, args, retry, options.waitTimeout());
        submit(call);
        return call.answer;
    }

    /** The connection as soon as there is one; fails like {@link #call}. */
    public CompletableFuture<ZeoConnection> connection() {
        return connection(options.waitTimeout());
    }

    /** The same for those who wait for another time. */
    public CompletableFuture<ZeoConnection> connection(Duration patience) {
        Call call = new Call(null, PyTuple.EMPTY, Retry.NO, patience);
        submit(call);
        return call.answer.thenApply(connection -> {
            if (connection instanceof ZeoConnection found) {
                return found;
            }
            throw new IllegalStateException("no connection: " + connection);
        });
    }

    /** The same, on the event loop only: null if there is none now. */
    public @Nullable ZeoConnection currentConnection() {
        Candidate candidate = current;
        ZeoConnection connection = candidate != null && candidate.ready ? candidate.connection : null;
        // The link hears of the end after the calls that were under way, which may lead to others.
        return connection != null && connection.isOpen() ? connection : null;
    }

    private void submit(Call call) {
        try {
            onLoop(() -> perform(call));
        } catch (RejectedExecutionException e) {
            call.answer.completeExceptionally(closedReason());
        }
    }

    private void perform(Call call) {
        ZeoConnection connection = currentConnection();
        if (closed) {
            call.answer.completeExceptionally(closedReason());
        } else if (connection == null) {
            await(call);
        } else if (call.method == null) {
            call.answer.complete(connection);
        } else {
            connection.call(call.method, call.args).whenComplete((value, failure) -> {
                if (failure == null) {
                    call.answer.complete(value);
                } else if (failure instanceof DisconnectedException broken
                        && call.retry == Retry.YES
                        && !call.breaksAgain(broken)) {
                    perform(call);
                } else {
                    call.answer.completeExceptionally(failure);
                }
            });
        }
    }

    private void await(Call call) {
        call.waitingSince = nanoTime.getAsLong();
        waiting.add(call);
        if (isOverdue(call)) {
            expire();
        }
    }

    private boolean isOverdue(Call call) {
        return nanoTime.getAsLong() - call.waitingSince >= call.patience.toNanos();
    }

    private void expire() {
        List<Call> overdue = new ArrayList<>();
        waiting.removeIf(call -> isOverdue(call) && overdue.add(call));
        overdue.forEach(call -> call.answer.completeExceptionally(new DisconnectedException(
                "no connection within " + call.patience.toMillis() + " ms: " + lastFailure.getMessage(), lastFailure)));
    }

    /** Why there will be no connection any more, after {@link #close} or a {@link #failure}. Any thread. */
    public DisconnectedException closedReason() {
        Throwable failure = fatal;
        return failure == null
                ? new DisconnectedException("the client was closed", null)
                : new DisconnectedException("the client has failed, and must be opened anew: " + failure, failure);
    }

    // Attempts

    private boolean isSatisfied() {
        Candidate candidate = current;
        return candidate != null && !candidate.isFallback();
    }

    private void attempted(Candidate candidate, @Nullable Throwable failure) {
        if (failure != null) {
            failed(candidate, failure);
        } else if (closed || isSatisfied() || (current != null && candidate.isFallback())) {
            candidate.close();
        } else if (current != null && user.isBehind(candidate.lastTransaction)) {
            log(
                    new DisconnectedException(
                            ClientLoops.describe(candidate.address)
                                    + " takes writes, but is behind the server that is read",
                            null),
                    Level.WARN);
            candidate.close();
        } else {
            use(candidate);
        }
        if (isSatisfied()) {
            candidate.server.busy = false;
        } else {
            candidate.server.pause();
        }
    }

    private void failed(Candidate candidate, Throwable failure) {
        boolean isAccepted = candidate == current;
        candidate.close();
        Throwable cause = failure.getCause() != null && !(failure instanceof DisconnectedException)
                ? failure.getCause()
                : failure;
        String server = ClientLoops.describe(candidate.address);
        DisconnectedException reason = cause instanceof DisconnectedException known
                ? known
                : new DisconnectedException(server + " does not take us on: " + cause.getMessage(), cause);
        if ((current == null || current == candidate) && !closed) {
            // What cannot be verified does not get better by itself.
            log(reason, isAccepted && cause != reason ? Level.WARN : Level.INFO);
            lastFailure = reason;
        }
    }

    /** Says the same thing once, however often it is tried, until there is a connection. */
    private void log(DisconnectedException failure, Level level) {
        LOG.atLevel(logged.add(failure.toString()) ? level : Level.DEBUG).log("{}", failure.getMessage());
    }

    private void use(Candidate candidate) {
        Candidate before = current;
        current = candidate;
        if (before != null) {
            leave(before, new DisconnectedException("left for " + ClientLoops.describe(candidate.address), null));
        }
        ZeoConnection connection = candidate.opened();
        connection.closed().whenComplete((nothing, failure) -> lost(candidate));
        Done.future()
                .thenCompose(done -> user.verify(connection, candidate.lastTransaction))
                .thenAccept(done -> {
                    if (candidate == current) {
                        begin(candidate, connection);
                    }
                })
                .whenComplete((nothing, failure) -> {
                    if (failure != null && candidate == current) {
                        failed(candidate, failure);
                    }
                });
    }

    private void begin(Candidate candidate, ZeoConnection connection) {
        candidate.ready = true;
        candidate.since = nanoTime.getAsLong();
        logged.clear();
        LOG.info(
                "connected to {}, storage {}{}",
                ClientLoops.describe(candidate.address),
                options.storage(),
                candidate.readOnly ? ", read-only" : "");
        if (options.label() != null) {
            connection.send(Methods.SET_CLIENT_LABEL, PyTuple.of(options.label()));
        }
        candidate.release();
        user.connected(connection, candidate.readOnly);
        List<Call> calls = new ArrayList<>(waiting);
        waiting.clear();
        calls.forEach(this::perform);
    }

    private void lost(Candidate candidate) {
        if (candidate != current) {
            return;
        }
        current = null;
        boolean wasStable = candidate.ready && nanoTime.getAsLong() - candidate.since > STABLE.toNanos();
        leave(candidate, candidate.opened().end());
        if (wasStable) {
            candidate.server.failures = 0;
            candidate.server.endPause();
        } else if (!candidate.server.busy) {
            candidate.server.pause();
        }
        servers.forEach(Server::attempt);
    }

    private void leave(Candidate candidate, DisconnectedException reason) {
        boolean wasReady = candidate.ready;
        candidate.ready = false;
        candidate.close();
        if (wasReady) {
            if (!closed) {
                LOG.info("disconnected: {}", reason.getMessage());
                lastFailure = reason;
            }
            user.disconnected(reason);
        }
    }

    private void tick() {
        expire();
        Candidate candidate = current;
        if (candidate == null || candidate.connection == null) {
            return;
        }
        long silence = candidate.connection.quietNanos();
        long longest = options.serverTimeout().toNanos();
        if (silence > longest) {
            candidate.connection.fail(
                    "has said nothing for " + options.serverTimeout().toMillis() + " ms although it was asked", null);
        } else if (silence >= longest / 2) {
            candidate.connection.ask();
        }
    }

    /** Ends the connection and the thread; calls that wait fail. Not on the event loop. */
    @Override
    public void close() {
        try {
            loop.submit(this::end).awaitUninterruptibly();
        } catch (RejectedExecutionException e) {
            return;
        }
        loops.close();
    }

    private void end() {
        closed = true;
        if (ticks != null) {
            ticks.cancel(false);
        }
        Candidate candidate = current;
        current = null;
        if (candidate != null) {
            leave(candidate, closedReason());
        }
        List<Call> calls = new ArrayList<>(waiting);
        waiting.clear();
        calls.forEach(call -> call.answer.completeExceptionally(closedReason()));
    }

    /** A call that waits or is under way; one without a method waits for the connection itself. */
    private static final class Call {
        private final @Nullable String method;
        private final PyTuple args;
        private final Retry retry;
        private final Duration patience;
        private final CompletableFuture<@Nullable Object> answer = new CompletableFuture<>();
        private long waitingSince;
        private int breaks;

        private Call(@Nullable String method, PyTuple args, Retry retry, Duration patience) {
            this.method = method;
            this.args = args;
            this.retry = retry;
            this.patience = patience;
        }

        /** Whether it is not the network for the second time: an answer that cannot be read would break each connection. */
        private boolean breaksAgain(DisconnectedException failure) {
            Throwable cause = failure.getCause();
            return cause != null && !(cause instanceof IOException) && ++breaks > 1;
        }
    }

    /** One of the addresses, which has its own pauses: no other one waits for it. */
    private final class Server {
        private final SocketAddress address;
        private int failures;
        /** Whether there is an attempt, or a pause before the next one. */
        private boolean busy;

        /** The one behind the present pause; null if there is none. */
        private @Nullable Future<?> nextAttempt;

        private Server(SocketAddress address) {
            this.address = address;
        }

        private void attempt() {
            if (!busy && !closed && !isSatisfied()) {
                busy = true;
                new Candidate(this).attempt();
            }
        }

        private void endPause() {
            if (nextAttempt != null) {
                nextAttempt.cancel(false);
                nextAttempt = null;
                busy = false;
            }
        }

        private void pause() {
            busy = true;
            if (closed) {
                return;
            }
            long longest = options.lastRetry().toMillis();
            long pause = Math.min(longest, options.firstRetry().toMillis() << Math.min(failures, 20));
            failures++;
            // Clients that lost the same server do not all come back in the same moment.
            long jittered = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
            nextAttempt = loop.schedule(
                    () -> guarded(() -> {
                        nextAttempt = null;
                        busy = false;
                        attempt();
                    }),
                    jittered,
                    TimeUnit.MILLISECONDS);
        }
    }

    /** One connection, from the attempt to its end. */
    private final class Candidate implements ServerMessages {
        private final Server server;
        private final SocketAddress address;
        private @Nullable ZeoConnection connection;
        private boolean readOnly;
        private boolean ready;
        private boolean decided;
        private long lastTransaction;
        private long since;
        private @Nullable List<Runnable> heldBack = new ArrayList<>();
        /** What has arrived with the reason for that is not listened to. */
        private boolean givenUp;

        private Candidate(Server server) {
            this.server = server;
            this.address = server.address;
        }

        private boolean isFallback() {
            return readOnly && options.access() == LinkOptions.Access.READ_ONLY_FALLBACK;
        }

        private ZeoConnection opened() {
            if (connection == null) {
                throw new IllegalStateException("not connected yet");
            }
            return connection;
        }

        private void attempt() {
            Addresses.resolve(address, options.background()).whenComplete((resolved, unknown) -> {
                try {
                    onLoop(() -> {
                        if (unknown != null) {
                            decide(unknown);
                        } else {
                            connect(resolved);
                        }
                    });
                } catch (RejectedExecutionException e) {
                    LOG.debug("closed while looking up {}", address);
                }
            });
        }

        private void connect(SocketAddress resolved) {
            long limit = options.connection().connectTimeout().toMillis();
            loop.schedule(
                    () -> guarded(() -> decide(new DisconnectedException(
                            ClientLoops.describe(address) + " has not taken us on within " + limit + " ms", null))),
                    limit,
                    TimeUnit.MILLISECONDS);
            ZeoConnection.open(loops, resolved, options.connection(), this)
                    .thenCompose(opened -> {
                        connection = opened;
                        return register(opened);
                    })
                    .whenComplete((nothing, failure) -> {
                        if (failure == null && decided) {
                            // Too late: it has been given up.
                            close();
                        } else {
                            decide(failure);
                        }
                    });
        }

        private void decide(@Nullable Throwable failure) {
            if (!decided) {
                decided = true;
                attempted(this, failure);
            }
        }

        private CompletableFuture<Done> register(ZeoConnection opened) {
            readOnly = options.access() == LinkOptions.Access.READ_ONLY;
            return opened.register(options.storage(), readOnly)
                    .handle((tid, failure) -> {
                        if (failure != null
                                && failure.getCause() instanceof ReadOnlyException
                                && options.access() == LinkOptions.Access.READ_ONLY_FALLBACK
                                && current == null) {
                            readOnly = true;
                            return opened.register(options.storage(), true);
                        }
                        return failure == null
                                ? CompletableFuture.completedFuture(tid)
                                : CompletableFuture.<Long>failedFuture(failure);
                    })
                    .thenCompose(registered -> registered)
                    .thenApply(tid -> {
                        lastTransaction = tid;
                        return Done.DONE;
                    });
        }

        @Override
        public void received(String method, PyTuple args) {
            if (heldBack != null) {
                heldBack.add(() -> user.received(method, args));
            } else if (this == current && !givenUp) {
                user.received(method, args);
            }
        }

        @Override
        public void received(BlobPiece piece) {
            if (heldBack != null) {
                received(Methods.RECEIVE_BLOB_CHUNK, piece.args());
            } else if (this == current && !givenUp) {
                user.received(piece);
            }
        }

        @Override
        public void failed(Error error) {
            abandon(error);
        }

        private void release() {
            List<Runnable> early = heldBack == null ? List.of() : heldBack;
            heldBack = null;
            early.forEach(Runnable::run);
        }

        private void close() {
            givenUp = true;
            if (connection != null) {
                connection.close();
            }
        }
    }
}
