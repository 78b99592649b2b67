package io.zeolite.client;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners one thing after the other, away from the event loop. Any thread. */
final class Notifications {
    private static final Logger LOG = LoggerFactory.getLogger(Notifications.class);

    private final Executor executor;
    private final List<InvalidationListener> listeners = new CopyOnWriteArrayList<>();
    private final ArrayDeque<Consumer<InvalidationListener>> queue = new ArrayDeque<>();
    private boolean running;

    Notifications(Executor executor) {
        this.executor = executor;
    }

    void add(InvalidationListener listener) {
        listeners.add(listener);
    }

    void remove(InvalidationListener listener) {
        listeners.remove(listener);
    }

    void tell(Consumer<InvalidationListener> call) {
        if (listeners.isEmpty()) {
            return;
        }
        synchronized (queue) {
            queue.add(call);
            if (running) {
                return;
            }
            running = true;
        }
        try {
            executor.execute(this::run);
        } catch (RejectedExecutionException e) {
            LOG.debug("closed before the listeners were told");
        }
    }

    private void run() {
        while (true) {
            Consumer<InvalidationListener> call;
            synchronized (queue) {
                call = queue.poll();
                if (call == null) {
                    running = false;
                    return;
                }
            }
            for (InvalidationListener listener : listeners) {
                try {
                    call.accept(listener);
                } catch (RuntimeException | Error e) {
                    LOG.error("a listener failed", e);
                }
            }
        }
    }
}
