package io.zeolite.session;

import io.zeolite.storage.Subscription;

/** That of a storage in which nothing happens. */
final class NoSubscription implements Subscription {
    @Override
    public long startTid() {
        return 0;
    }

    @Override
    public void close() {}
}
