package io.zeolite.it.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Scene;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.pickle.ReferenceKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Records of random graphs that Python pickles, and what ZODB finds in them. */
final class ReferencesIT {
    private static final int RECORDS = 4000;

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void references_ofRandomGraphs_areThoseThatZodbFinds() throws InterruptedException, IOException, PickleException {
        long seed = Long.getLong("zeolite.it.seed", ThreadLocalRandom.current().nextLong());
        System.err.println("ReferencesIT: -Dzeolite.it.seed=" + seed);
        Path file = scene.directory().resolve("records.txt");
        assertThat(scene.run("references.py", "random", file, RECORDS, seed).number("references"))
                .isGreaterThan(RECORDS);
        List<Long> found = new ArrayList<>();
        RecordScanner scanner = new RecordScanner((kind, oid) -> {
            if (kind == ReferenceKind.STRONG) {
                found.add(oid);
            }
        });
        int records = 0;
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split("\t", -1);
            byte[] record = HexFormat.of().parseHex(parts[1]);
            found.clear();
            scanner.scan(record, 0, record.length);
            assertThat(found)
                    .as(parts[0])
                    .isEqualTo(Arrays.stream(parts[2].split(" "))
                            .filter(oid -> !oid.isEmpty())
                            .map(HexFormat::fromHexDigitsToLong)
                            .toList());
            records++;
        }
        assertThat(records).isEqualTo(RECORDS);
    }
}
