package io.zeolite.blob;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class KeyLayoutTest {
    private static final long TID = 0x03f1a2b3c4d5e6f7L;

    @Test
    void key_flat_isThatOfCollectiveS3blobs() {
        assertThat(KeyLayout.FLAT.key(0x1234, TID)).isEqualTo("000000000000123403f1a2b3c4d5e6f7.blob");
        assertThat(KeyLayout.FLAT.key(-1, -1)).isEqualTo("ffffffffffffffffffffffffffffffff.blob");
    }

    @Test
    void key_nested_isThatOfZodbS3blobs() {
        assertThat(KeyLayout.NESTED.key(0x1234, TID)).isEqualTo("blobs/1234/3f1a2b3c4d5e6f7.blob");
        assertThat(KeyLayout.NESTED.key(0, 0x10)).isEqualTo("blobs/0/10.blob");
    }

    @Test
    void revision_ofAKey_isThatWhichItWasMadeFor() {
        for (KeyLayout layout : KeyLayout.values()) {
            for (long id : new long[] {0, 1, 0xff, TID, -1}) {
                String key = layout.key(id, TID);
                assertThat(layout.revision(key)).contains(new BlobRevision(id, TID));
                assertThat(key).startsWith(layout.start());
            }
        }
    }

    @Test
    void revision_ofSomethingElse_isNone() {
        assertThat(KeyLayout.FLAT.revision("blobs/1/2.blob")).isEmpty();
        assertThat(KeyLayout.FLAT.revision("0000000000000001000000000000000G.blob"))
                .isEmpty();
        assertThat(KeyLayout.NESTED.revision("blobs/01/2.blob")).isEmpty();
        assertThat(KeyLayout.NESTED.revision("blobs/1/2.blob.old")).isEmpty();
    }
}
