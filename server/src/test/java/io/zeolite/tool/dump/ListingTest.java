package io.zeolite.tool.dump;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.TestRecords;
import io.zeolite.storage.file.DataFile;
import io.zeolite.tool.Console;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import io.zeolite.tool.file.Selection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListingTest {
    private static final String MAPPING =
            "\u0080\u0003cpersistent.mapping\nPersistentMapping\nq\u0000.\u0080\u0003}q\u0001.";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final DataFile file = new DataFile();

    @BeforeEach
    void setUp() {
        file.transaction(0x10).store(1, MAPPING).store(2, "x").finish();
        file.transaction(0x20).store(1, MAPPING + "more").finish();
        file.transaction(0x30).back(1, file.position(1)).back(2, 0).finish();
    }

    private List<String> dump(byte[] content, Selection selection, int expected) throws IOException {
        ToolOutput output = new ToolOutput();
        Path path = Files.write(directory.resolve("Data.fs"), content);
        assertThat(new Dump(path, new Dump.Options(selection, false), output.console()).run())
                .isEqualTo(expected);
        return output.lines();
    }

    /** The tids that the log shows, and damaged parts. */
    private List<String> log(byte[] content, Selection selection, boolean oldestFirst) throws IOException {
        ToolOutput output = new ToolOutput();
        Path path = Files.write(directory.resolve("Data.fs"), content);
        TransactionLogListing.Options options = new TransactionLogListing.Options(selection, oldestFirst, false);
        new TransactionLogListing(path, options, output.console()).run();
        return output.lines().stream()
                .map(line -> line.startsWith("transaction") ? line.substring(26, 28) : line.substring(0, 7))
                .toList();
    }

    @Test
    void dump_records_haveClassesAndWhatTheyPointTo() throws IOException {
        List<String> lines = dump(file.bytes(), Selection.ALL, ExitStatus.OK);
        assertThat(lines).hasSize(8);
        assertThat(lines.get(0))
                .startsWith("transaction 0000000000000010 1900-01-01 00:00:00.000000 offset=4 length=")
                .endsWith("status=committed user=\"\" description=\"\"");
        assertThat(lines.get(1))
                .isEqualTo("  object 0x01 offset=27 size=" + MAPPING.length()
                        + " class=persistent.mapping.PersistentMapping");
        assertThat(lines.get(2)).contains("object 0x02").contains("class=(unreadable: ");
        assertThat(lines.get(6)).contains("previous=").contains("data-of=0000000000000020");
        assertThat(lines.get(7)).endsWith(" deleted");
    }

    @Test
    void dump_compressedRecord_hasItsClassAndTheSizeInTheFile() throws IOException {
        String compressed = TestRecords.compressed(MAPPING);
        file.transaction(0x40).store(7, compressed).finish();
        assertThat(dump(file.bytes(), new Selection(0x40, -1L, Set.of(), 5), ExitStatus.OK))
                .element(1)
                .asString()
                .endsWith("size=" + compressed.length() + " class=persistent.mapping.PersistentMapping");
    }

    @Test
    void dump_selection_isObeyed() throws IOException {
        assertThat(dump(file.bytes(), new Selection(0x11, 0x30, Set.of(2L), 5), ExitStatus.OK))
                .hasSize(2)
                .first()
                .asString()
                .contains("0000000000000030");
        assertThat(dump(file.bytes(), new Selection(0, -1L, Set.of(), 1), ExitStatus.OK))
                .hasSize(3);
    }

    @Test
    void dump_damage_isShownAndPassed() throws IOException {
        byte[] content = file.bytes();
        ByteBuffer.wrap(content).putLong((int) file.position(1) - 23 + 8, 5);
        file.transaction(0x40).finish();
        byte[] longer = file.bytes();
        System.arraycopy(content, 0, longer, 0, content.length);
        List<String> lines = dump(longer, Selection.ALL, ExitStatus.FAILED);
        assertThat(lines.get(5)).startsWith("DAMAGED ");
        assertThat(lines.get(6)).startsWith("transaction 0000000000000040");
    }

    @Test
    void log_newestFirst_orTheOldestOfThem() throws IOException {
        assertThat(log(file.bytes(), Selection.ALL, false)).containsExactly("30", "20", "10");
        assertThat(log(file.bytes(), new Selection(0, -1L, Set.of(), 2), true)).containsExactly("20", "30");
        assertThat(log(file.bytes(), new Selection(0x10, 0x20, Set.of(), 9), false))
                .containsExactly("20", "10");
    }

    @Test
    void listing_nobodyReadsOn_endsWithTheTransaction() throws IOException {
        Path path = file.writeTo(directory.resolve("Data.fs"));
        ByteArrayOutputStream tried = new ByteArrayOutputStream();
        new Dump(path, new Dump.Options(Selection.ALL, false), closed(tried)).run();
        assertThat(tried.toString(StandardCharsets.UTF_8)).containsOnlyOnce("transaction ");

        for (boolean oldestFirst : new boolean[] {false, true}) {
            tried.reset();
            TransactionLogListing.Options options =
                    new TransactionLogListing.Options(Selection.ALL, oldestFirst, false);
            new TransactionLogListing(path, options, closed(tried)).run();
            assertThat(tried.toString(StandardCharsets.UTF_8)).containsOnlyOnce("transaction ");
        }
    }

    /** Where nobody reads. */
    private static Console closed(ByteArrayOutputStream tried) {
        OutputStream pipe = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                tried.write(b);
                throw new IOException("Broken pipe");
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                tried.write(bytes, offset, length);
                throw new IOException("Broken pipe");
            }
        };
        PrintStream out = new PrintStream(pipe, true, StandardCharsets.UTF_8);
        return new Console(out, out, false);
    }

    @Test
    void log_tailThatIsTornOrUnfinished_startsBeforeIt() throws IOException {
        int end = file.end();
        file.transaction(0x40).status('c').store(7, "x").finish();
        assertThat(log(file.bytes(), Selection.ALL, false)).containsExactly("30", "20", "10");
        assertThat(log(Arrays.copyOf(file.bytes(), end + 40), Selection.ALL, false))
                .containsExactly("30", "20", "10");
    }

    @Test
    void log_damageInTheMiddle_isPassed() throws IOException {
        byte[] content = file.bytes();
        int second = (int) file.position(1) - 23;
        // The length at the end of the transaction before the last.
        ByteBuffer.wrap(content).putLong(second - 8, 99);
        assertThat(log(content, Selection.ALL, false)).containsExactly("30", "DAMAGED", "10");
    }
}
