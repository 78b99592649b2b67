package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NotificationsTest {
    @Test
    void listener_thatThrowsAnError_keepsNothingFromTheOthersOrFromItself() {
        List<Long> told = new ArrayList<>();
        Notifications notifications = new Notifications(Runnable::run);
        InvalidationListener failing = (tid, oids) -> {
            told.add(tid);
            throw new AssertionError("of a listener");
        };
        notifications.add(failing);
        notifications.add((tid, oids) -> told.add(-tid));
        notifications.tell(listener -> listener.invalidated(1, new long[0]));
        notifications.tell(listener -> listener.invalidated(2, new long[0]));
        assertThat(told).containsExactly(1L, -1L, 2L, -2L);
    }
}
