package io.zeolite.session;

import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.error.ZeoException;
import io.zeolite.logging.Logging;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Finished;
import io.zeolite.storage.InvalidationBatch;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.Subscription;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The conversation with one client, from its first message to its end.
 *
 * <p>Everything runs on the event loop of the connection. What the client is sent has one order, that of the calls to
 * {@link Outbox#send}: a load is evaluated and its reply written in one go, and what others committed comes in as a task
 * of the loop only after loads see it. So a client that was told of a transaction never gets a load from before it.
 */
public final class Session {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    private final SessionSettings settings;
    private final Outbox outbox;

    private final CallsUnderWay underWay;

    private boolean wasRefusedToWrite;
    private @Nullable Registration registration;
    private String clientLabel = "";
    private volatile boolean isGone;

    /** What there is once the client has registered. */
    private final class Registration {
        final ServedStorage served;
        final Storage storage;
        final boolean readOnly;
        final Subscription subscription;
        final TransactionCalls transactions;
        final IteratorCalls iterators;
        final BlobCalls blobs;
        /** The last transaction that this client was told of. */
        long lastTold;

        Registration(ServedStorage served, boolean readOnly) {
            this.served = served;
            this.storage = served.storage();
            this.readOnly = readOnly;
            this.subscription = storage.subscribe(new InvalidationListener() {
                @Override
                public void invalidated(InvalidationBatch published, int from, int to) {
                    outbox.executeUnasked(() -> tell(published, from, to));
                }

                @Override
                public void outdated() {
                    outbox.leave();
                }

                @Override
                public void resized() {
                    outbox.execute(Registration.this::tellSize);
                }
            });
            this.lastTold = subscription.startTid();
            this.transactions = new TransactionCalls(Session.this, settings, served, readOnly, outbox, subscription);
            this.iterators = new IteratorCalls(storage, settings.iteration(), outbox);
            this.blobs = new BlobCalls(storage, outbox);
            served.stats().connections.incrementAndGet();
        }

        private void tellSize() {
            sendSizes(storage.length(), storage.size());
        }

        private void tell(InvalidationBatch published, int from, int to) {
            lastTold = published.transactions().get(to - 1).tid();
            outbox.sendShared(published.shared(SharedMessages.class, Session::messagesOf), from, to);
        }
    }

    public Session(SessionSettings settings, Outbox outbox) {
        this.settings = settings;
        this.outbox = outbox;
        this.underWay = new CallsUnderWay(outbox);
    }

    /** Whether the client has registered with a storage. */
    public boolean isRegistered() {
        return registration != null;
    }

    /** Who this is, for the log. */
    public String label() {
        return clientLabel.isEmpty() ? outbox.peer() : clientLabel + " " + outbox.peer();
    }

    /** Takes the next message of the client. */
    public void receive(Message message) {
        if (message instanceof Message.Call call) {
            call(call.method(), call.args(), new Answer(this, outbox, call.id(), call.method(), true));
        } else if (message instanceof Message.OneWay call) {
            call(call.method(), call.args(), new Answer(this, outbox, 0L, call.method(), false));
        } else if (!(message instanceof Message.KeepAlive)) {
            LOG.error(Logging.NOISE, "({}) sent a reply where a call was expected, closing", label());
            outbox.close();
        }
    }

    /** Takes the client's next message, which is a {@code storeBlobChunk} with these bytes. */
    public void receiveBlobChunk(ReceivedBytes chunk) {
        Answer answer = new Answer(this, outbox, 0L, Methods.STORE_BLOB_CHUNK, false);
        Registration registered = registration;
        if (registered == null) {
            refuse(Methods.STORE_BLOB_CHUNK, "before register", answer);
            return;
        }
        try {
            registered.transactions.uploadChunk(chunk);
        } catch (ZeoException e) {
            answer.failure(e);
        }
    }

    /** Takes the client's next message, which is a {@code loadBefore} that has the pair of these as its id and arguments. */
    public void receiveLoad(long oid, long before) {
        Registration registered = registration;
        if (registered == null) {
            refuse(Methods.LOAD_BEFORE, "before register", answerToLoad(oid, before));
            return;
        }
        registered.served.stats().loads.increment();
        if (outbox.sendLoaded(oid, before, registered.storage)) {
            return;
        }
        try {
            LoadAnswer answer = new LoadAnswer(this, outbox, oid, before);
            registered.storage.loadBefore(oid, before, answer);
            answer.asked();
        } catch (ZeoException e) {
            answerToLoad(oid, before).failure(e);
        }
    }

    Answer answerToLoad(long oid, long before) {
        return new Answer(this, outbox, PyTuple.of(Ids.bytes(oid), Ids.bytes(before)), Methods.LOAD_BEFORE, true);
    }

    /** Frees everything that the client held. The connection is gone, or will be. */
    public void disconnected() {
        isGone = true;
        Registration gone = registration;
        registration = null;
        if (gone == null) {
            return;
        }
        gone.subscription.close();
        gone.iterators.close();
        gone.blobs.close();
        gone.served.stats().connections.decrementAndGet();
        LOG.info(Logging.NOISE, "({}) disconnected{}", label(), gone.transactions.disconnected());
    }

    CallsUnderWay underWay() {
        return underWay;
    }

    /** Whether nobody waits for answers any more. Any thread. */
    boolean isGone() {
        return isGone;
    }

    private void call(String method, PyTuple args, Answer answer) {
        try {
            dispatch(method, new Arguments(method, args), answer);
        } catch (ZeoException e) {
            answer.refused(e);
        }
    }

    private void dispatch(String method, Arguments args, Answer answer) {
        Registration registered = registration;
        if (registered == null) {
            if (method.equals(Methods.REGISTER)) {
                register(args.exactly(2), answer);
            } else {
                refuse(method, "before register", answer);
            }
            return;
        }
        Storage storage = registered.storage;
        switch (method) {
            case Methods.LOAD_BEFORE -> {
                registered.served.stats().loads.increment();
                args.exactly(2);
                long oid = args.id(0);
                storage.loadBefore(oid, args.id(1), answer.with(result -> loaded(oid, result)));
            }
            case Methods.LOAD_SERIAL -> {
                args.exactly(2);
                storage.loadSerial(args.id(0), args.id(1), answer.with(data -> data));
            }
            case Methods.GET_TID -> storage.getTid(args.exactly(1).id(0), answer.with(Ids::bytes));
            case Methods.GET_INFO -> {
                args.exactly(0);
                answer.value(info(storage));
            }
            // Through the queue of the loop, behind the invalidations that are already in it: who asks may know of
            // their transactions from elsewhere.
            case Methods.PING -> {
                args.exactly(0);
                storage.sync(answer.queuedWith(nothing -> null));
            }
            case Methods.LAST_TRANSACTION -> {
                args.exactly(0);
                storage.sync(answer.queuedWith(nothing -> Ids.bytes(registered.lastTold)));
            }
            // Behind the invalidations that it covers: a client that was told of the answer's tid refuses earlier ones.
            case Methods.GET_INVALIDATIONS ->
                storage.invalidationsSince(args.exactly(1).id(0), answer.alone().queuedWith(found -> found.map(
                                changed -> PyTuple.of(Ids.bytes(changed.tid()), changed.oids()))
                        .orElse(null)));
            case Methods.NEW_OIDS -> newOids(registered, args.between(0, 1), answer);
            case Methods.SEND_BLOB -> registered.blobs.send(args.exactly(2), answer);
            case Methods.SERVER_STATUS -> {
                args.exactly(0);
                answer.value(registered.served.status());
            }
            case Methods.SET_CLIENT_LABEL -> {
                clientLabel = text(args.exactly(1).get(0));
                answer.value(null);
            }
            case Methods.HISTORY -> HistoryCalls.history(storage, args, answer);
            case Methods.UNDO_LOG -> HistoryCalls.undoLog(storage, args.exactly(2), null, answer);
            case Methods.UNDO_INFO -> HistoryCalls.undoLog(storage, args.exactly(3), args.get(2), answer);
            case Methods.TPC_BEGIN,
                    Methods.STORE,
                    Methods.CHECK_CURRENT,
                    Methods.STORE_BLOB_START,
                    Methods.STORE_BLOB_CHUNK,
                    Methods.STORE_BLOB_END,
                    Methods.STORE_BLOB_SHARED,
                    Methods.RESTORE,
                    Methods.DELETE_OBJECT,
                    Methods.UNDO,
                    Methods.VOTE,
                    Methods.TPC_FINISH,
                    Methods.TPC_ABORT -> registered.transactions.call(method, args, answer);
            case Methods.PACK -> pack(storage, args.between(1, 2), answer);
            case Methods.RECORD_ITERNEXT,
                    Methods.ITERATOR_START,
                    Methods.ITERATOR_NEXT,
                    Methods.ITERATOR_RECORD_START,
                    Methods.ITERATOR_RECORD_NEXT,
                    Methods.ITERATOR_GC -> registered.iterators.call(method, args, answer);
            case Methods.NEW_OID -> throw CallException.unsupported(method + " is not supported by this server");
            default -> refuse(method, "which is no method of this server", answer);
        }
    }

    /** What a client calls itself, for the log; Python's takes anything. */
    private static String text(@Nullable Object label) {
        if (label instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        return label == null ? "None" : label.toString();
    }

    /** Ends the conversation with a client that knows other rules; if it waits for an answer, it is told why. */
    private void refuse(String method, String why, Answer answer) {
        String shown = method.length() > 60 ? method.substring(0, 60) + "..." : method;
        LOG.error(Logging.NOISE, "({}) called {} {}, closing", label(), shown, why);
        if (answer.isWanted()) {
            answer.failure(CallException.unsupported(shown + " was called " + why));
        }
        outbox.close();
    }

    private void register(Arguments args, Answer answer) {
        String name = args.text(0);
        boolean readOnly = args.flag(1);
        ServedStorage served = settings.storages().get(name);
        if (served == null) {
            throw CallException.badValue("unknown storage: " + name);
        }
        served.storage().whenOpen(answer.with(nothing -> register(served, readOnly)));
    }

    private @Nullable Object register(ServedStorage served, boolean readOnly) {
        if (isGone || registration != null) {
            throw CallException.unsupported("register was called when there was no need for it any more");
        }
        if (!readOnly && served.isReadOnly()) {
            wasRefusedToWrite = true;
            throw new ReadOnlyException();
        }
        Registration registered = new Registration(served, readOnly || served.isReadOnly());
        registration = registered;
        LOG.info(
                Logging.NOISE,
                "({}) registered with storage {}{}",
                label(),
                served.name(),
                registered.readOnly ? ", read-only" : "");
        if (wasRefusedToWrite && !served.isReadOnly()) {
            // It is content with reading since it was refused a moment ago. When it comes again it can write.
            outbox.close();
        }
        return Ids.bytes(registered.lastTold);
    }

    private static PyDict info(Storage storage) {
        StorageInfo info = storage.info();
        return sizes(storage.length(), storage.size())
                .put("name", info.name())
                .put("supportsUndo", info.supportsUndo())
                .put("supports_record_iternext", info.supportsRecordIternext())
                .put("interfaces", interfaces(info.interfaces()));
    }

    private static PyTuple interfaces(List<String> names) {
        return PyTuple.of(names.stream().map(Session::moduleAndName).toArray());
    }

    private static PyTuple moduleAndName(String dotted) {
        int dot = dotted.lastIndexOf('.');
        return PyTuple.of(dotted.substring(0, dot), dotted.substring(dot + 1));
    }

    private static PyDict sizes(long length, long size) {
        return new PyDict().put("length", length).put("size", size);
    }

    static @Nullable Object loaded(long oid, LoadResult result) {
        if (result instanceof LoadResult.Loaded loaded) {
            return PyTuple.of(
                    loaded.data(), Ids.bytes(loaded.serial()), loaded.isCurrent() ? null : Ids.bytes(loaded.end()));
        }
        if (result instanceof LoadResult.NoObject) {
            throw PosKeyException.noObject(oid);
        }
        return null;
    }

    private static void newOids(Registration registered, Arguments args, Answer answer) {
        if (registered.readOnly) {
            throw new ReadOnlyException();
        }
        long count = Math.max(1, Math.min(100, args.number(0, 100)));
        registered.storage.newOids((int) count, answer.with(oids -> oids));
    }

    /** Who does not wait for the end is answered at once, and reads in the log how it went. As in Python, it is no write. */
    private void pack(Storage storage, Arguments args, Answer answer) {
        double time = args.seconds(0);
        boolean isWaiting = args.size() < 2 || args.flag(1);
        long stop;
        try {
            stop = TimeStamp.ofEpochSeconds(time);
        } catch (IllegalArgumentException e) {
            throw CallException.badValue("pack(): " + e.getMessage());
        }
        if (stop == Tid.NONE) {
            throw CallException.fileStorage("Invalid pack time");
        }
        // Of a stamp all nanoseconds would be shown, most of them from rounding.
        LOG.info("({}) pack(time={}) started...", label(), Instant.ofEpochMilli(Math.round(time * 1000)));
        storage.pack(stop, true, isWaiting ? answer.with(nothing -> null) : logged(label()));
        if (!isWaiting) {
            answer.value(null);
        }
    }

    /** Hears of the end of a pack that nobody waits for: also of one that is refused, as while another is under way. */
    private static Completion<Void> logged(String who) {
        return new Completion<>() {
            @Override
            public void complete(Void nothing) {}

            @Override
            public void fail(Throwable failure) {
                LOG.warn("({}) pack not done: {}", who, failure.getMessage());
            }
        };
    }

    /** The client's own transaction is committed: it gets the new sizes, then the tid. On the loop. */
    void finished(Finished finished, Answer answer) {
        if (registration != null) {
            registration.lastTold = finished.tid();
        }
        sendSizes(finished.length(), finished.size());
        answer.value(Ids.bytes(finished.tid()));
    }

    private static SharedMessages messagesOf(List<Invalidations> transactions) {
        return new SharedMessages(transactions.stream()
                .<Message>map(changed -> new Message.OneWay(
                        Methods.INVALIDATE_TRANSACTION, PyTuple.of(Ids.bytes(changed.tid()), changed.oids())))
                .toList());
    }

    private void sendSizes(long length, long size) {
        outbox.send(new Message.OneWay(Methods.INFO, PyTuple.of(sizes(length, size))));
    }
}
