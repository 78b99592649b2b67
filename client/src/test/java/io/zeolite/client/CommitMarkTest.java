package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.pickle.PyDict;
import org.junit.jupiter.api.Test;

class CommitMarkTest {
    private final PyDict marked = CommitMark.addTo(new PyDict().put("a", 1L), "the mark");

    @Test
    void in_historyOfAFileStorage_isAmongItsEntries() {
        assertThat(CommitMark.in(marked)).isEqualTo("the mark");
    }

    @Test
    void in_historyOfAMappingStorage_isInItsExtension() {
        assertThat(CommitMark.in(new PyDict().put("tid", 1L).put("extension", marked)))
                .isEqualTo("the mark");
    }

    @Test
    void in_historyOfSomebodyElse_isNone() {
        assertThat(CommitMark.in(new PyDict().put("extension", new PyDict()))).isNull();
        assertThat(CommitMark.in(new PyDict().put("extension", new byte[0]))).isNull();
    }
}
