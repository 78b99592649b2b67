package io.zeolite.storage.memory;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.error.CallException;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.PackControl.RemovedBlobs;
import io.zeolite.storage.TestRecords;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryPackTest {
    private static final String NO_REFERENCE = "cmodule\nClass\n.N.";
    private static final String BLOB = "cZODB.blob\nBlob\n.N.";
    private static final String TO_ONE = "cmodule\nClass\n.U\b\0\0\0\0\0\0\0\1Q.";

    private final MemoryLog log = new MemoryLog("m");

    private boolean pack(long stop, boolean isWhole) throws IOException {
        try (Pack pack = log.pack(new PackControl(stop, isWhole, bytes -> {}, null))) {
            return pack.copy() && pack.replace(false);
        }
    }

    @Test
    void pack_oldRevisionsAndGarbage_areGone() throws IOException {
        commit(log, 0x10, TestRecords.of(0, NO_REFERENCE).and(1, NO_REFERENCE).and(2, NO_REFERENCE));
        commit(log, 0x20, TestRecords.of(0, TO_ONE));
        commit(log, 0x30, TestRecords.of(1, NO_REFERENCE));

        assertThat(pack(0x20, true)).isTrue();

        assertThat(load(log, 0, 0x20)).isEqualTo("NoneBefore");
        assertThat(load(log, 0, Tid.MAX)).isEqualTo(TO_ONE + " 20-");
        assertThat(load(log, 1, 0x30)).isEqualTo(NO_REFERENCE + " 10-30");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.length()).isEqualTo(2);
        assertThat(log.lastTransaction()).isEqualTo(0x30);
    }

    @Test
    void pack_manyLaterRevisions_keepsThemAll() throws IOException {
        int count = 50_000;
        for (int i = 1; i <= count; i++) {
            commit(log, i, TestRecords.of(0, NO_REFERENCE).and(1, "garbage at last"));
        }

        assertThat(pack(100, true)).isTrue();

        assertThat(load(log, 0, 100)).isEqualTo("NoneBefore");
        assertThat(load(log, 0, 101)).isEqualTo(NO_REFERENCE + " 64-65");
        assertThat(log.history(0, count)).hasSize(count - 99);
        assertThat(log.lastInvalidations(count)).hasSize(count - 99).allSatisfy(changed -> assertThat(changed.oids())
                .containsExactly(0));
    }

    @Test
    void pack_withoutRoot_isRefused() throws IOException {
        commit(log, 0x10, TestRecords.of(1, NO_REFERENCE));

        assertThatThrownBy(() -> pack(Tid.MAX, true))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no root object");
        assertThat(load(log, 1, Tid.MAX)).isEqualTo(NO_REFERENCE + " 10-");
    }

    @Test
    void pack_ofAPart_keepsObjects() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "a"));
        commit(log, 0x20, TestRecords.of(1, "b").and(2, "c"));

        assertThat(pack(Tid.MAX, false)).isTrue();

        assertThat(load(log, 1, Tid.MAX)).isEqualTo("b 20-");
        assertThat(load(log, 1, 0x20)).isEqualTo("NoneBefore");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("c 20-");
    }

    @Test
    void pack_blobs_reportsThoseThatItDropsWhileTheyAreThere() throws IOException {
        commit(log, 0x10, TestRecords.of(0, TO_ONE).and(1, BLOB).and(2, BLOB));
        commit(log, 0x20, TestRecords.of(0, TO_ONE).and(1, BLOB).and(2, NO_REFERENCE));
        commit(log, 0x30, TestRecords.of(1, BLOB));
        List<String> told = new ArrayList<>();
        RemovedBlobs removed = new RemovedBlobs() {
            @Override
            public void clear() {
                told.add("clear");
            }

            @Override
            public void add(long oid, long tid) throws IOException {
                String there = load(log, oid, tid + 1);
                told.add(oid + there.substring(there.lastIndexOf(' ')));
            }

            @Override
            public void force() {
                told.add("force");
            }

            @Override
            public void complete() {
                told.add("complete");
            }
        };

        try (Pack pack = log.pack(new PackControl(0x20, true, bytes -> {}, removed))) {
            assertThat(pack.copy() && pack.replace(false)).isTrue();
        }

        assertThat(told)
                .hasSize(5)
                .startsWith("clear")
                .endsWith("force", "complete")
                .contains("1 10-20", "2 10-20");
        assertThat(load(log, 1, 0x11)).isEqualTo("NoneBefore");
        assertThat(load(log, 1, 0x30)).isEqualTo(BLOB + " 20-30");
    }

    @Test
    void pack_toAnEarlierTime_isRefusedAsInPython() throws IOException {
        commit(log, 0x10, TestRecords.of(0, NO_REFERENCE));
        assertThat(pack(0x20, true)).isTrue();

        assertThat(pack(0x20, true)).isFalse();
        assertThatThrownBy(() -> pack(0x15, true))
                .isInstanceOf(CallException.class)
                .hasMessage("Already packed to a later time");
    }
}
