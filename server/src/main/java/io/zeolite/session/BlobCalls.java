package io.zeolite.session;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Storage;
import java.util.ArrayDeque;

/**
 * The blobs that a client asks for. Each is an open file until the client has it, so of one client's only
 * {@value #MAX_OPEN} are open or being opened; the others wait for their turn, in the order in which they were asked for. A client that
 * asks far ahead is not read from until all that waited have had theirs. Event loop only.
 */
final class BlobCalls {
    /** More than downloads are made at a time unless configured, so that those do not hold up the blobs that are here. */
    static final int MAX_OPEN = 32;

    static final int MAX_WAITING = 1000;

    private final Storage storage;
    private final Outbox outbox;

    private final ArrayDeque<Asked> waiting = new ArrayDeque<>();
    private int open;
    private boolean paused;

    private record Asked(long oid, long serial, Answer answer) {}

    BlobCalls(Storage storage, Outbox outbox) {
        this.storage = storage;
        this.outbox = outbox;
    }

    void send(Arguments args, Answer answer) {
        waiting.add(new Asked(args.id(0), args.id(1), answer));
        if (waiting.size() > MAX_WAITING && !paused) {
            paused = true;
            outbox.pauseReading();
        }
        openNext();
    }

    /** Forgets those that are not being opened yet. */
    void close() {
        waiting.clear();
        paused = false;
    }

    private void openNext() {
        while (open < MAX_OPEN && !waiting.isEmpty()) {
            open++;
            open(waiting.remove());
        }
        if (paused && waiting.isEmpty()) {
            paused = false;
            outbox.resumeReading();
        }
    }

    private void open(Asked asked) {
        storage.openBlob(asked.oid, asked.serial, new Completion<>() {
            @Override
            public void complete(OpenBlob source) {
                outbox.execute(() -> outbox.sendBlob(asked.oid, asked.serial, source, ended(asked.answer)));
            }

            @Override
            public void fail(Throwable failure) {
                outbox.execute(() -> ended(asked.answer).fail(failure));
            }
        });
    }

    private Completion<Long> ended(Answer answer) {
        return new Completion<>() {
            @Override
            public void complete(Long size) {
                answer.value(null);
                end();
            }

            @Override
            public void fail(Throwable failure) {
                answer.failure(failure);
                end();
            }
        };
    }

    private void end() {
        open--;
        openNext();
    }
}
