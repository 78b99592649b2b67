package io.zeolite.tool.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RevisionsTest {
    @Test
    void tick_manyRevisions_leavesTheOthers() throws IOException {
        Revisions revisions = new Revisions();
        Random random = new Random(5);
        Set<String> left = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            long oid = random.nextInt(500);
            long tid = random.nextLong(1, 101);
            revisions.add(oid, tid);
            left.add(oid + " " + tid);
        }
        assertThat(revisions.size()).isEqualTo(left.size());
        for (long oid = 0; oid < 500; oid += 2) {
            for (long tid = 0; tid <= 101; tid++) {
                assertThat(revisions.tick(oid, tid)).isEqualTo(left.remove(oid + " " + tid));
            }
        }
        Set<String> found = new HashSet<>();
        revisions.forEachLeft((oid, tid) -> found.add(oid + " " + tid));
        assertThat(found).isEqualTo(left);
    }
}
