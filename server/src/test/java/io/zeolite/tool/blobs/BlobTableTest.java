package io.zeolite.tool.blobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobRevision;
import io.zeolite.tool.blobs.BlobTable.Blob;
import io.zeolite.tool.blobs.BlobTable.Place;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BlobTableTest {
    private static final List<Place> PLACES = List.of(Place.LOCAL, Place.BUCKET, Place.CACHE);

    @Test
    void table_manyRevisions_keepsWhatIsKnownOfEach() {
        BlobTable table = new BlobTable();
        Map<BlobRevision, Blob> expected = new HashMap<>();
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            BlobRevision revision = new BlobRevision(random.nextInt(3000), 1 + random.nextInt(5));
            Blob before = expected.getOrDefault(revision, new Blob(revision, false, -1, -1, -1));
            int what = random.nextInt(PLACES.size() + 1);
            if (what == PLACES.size()) {
                table.record(revision.oid(), revision.tid());
            } else {
                table.found(PLACES.get(what), revision.oid(), revision.tid(), i);
            }
            expected.put(
                    revision,
                    new Blob(
                            revision,
                            before.recorded() || what == PLACES.size(),
                            what == 0 ? i : before.local(),
                            what == 1 ? i : before.stored(),
                            what == 2 ? i : before.cached()));
        }
        Map<BlobRevision, Blob> found = new HashMap<>();
        table.forEach(blob -> found.put(blob.revision(), blob));
        assertThat(found).isEqualTo(expected);
        assertThat(table.size()).isEqualTo(expected.size());
    }
}
