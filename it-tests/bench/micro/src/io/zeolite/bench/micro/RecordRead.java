package io.zeolite.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.zeolite.disk.RealDisk;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.RecordTarget;
import io.zeolite.storage.StagedRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.wire.PickleCodec;
import io.zeolite.wire.UsualLoad;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A load from a file of 100,000 records of 500 bytes that is in the page cache. */
@State(Scope.Benchmark)
public class RecordRead {
    private static final int OBJECTS = 100_000;

    private final byte[] record = new byte[500];
    private final SplittableRandom random = new SplittableRandom(1);
    private Path directory;
    private FileLog log;
    private final ByteBuf message = PooledByteBufAllocator.DEFAULT.directBuffer(1 << 10);
    private final UsualLoad load = new PickleCodec(ValueLimits.FROM_CLIENT).usualLoad();

    @Setup
    public void write() throws IOException {
        directory = Files.createTempDirectory("zeolite-record-read");
        log = FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.CREATE);
        byte[] nothing = {};
        TransactionMetadata metadata = new TransactionMetadata(nothing, nothing, nothing);
        LogTransaction transaction = new LogTransaction(0x0400_0000_0000_0000L, metadata, new AllObjects());
        log.append(List.of(transaction), () -> {}, new Unheard()).forEach(TransactionLog.Publication::publish);
    }

    @Benchmark
    public LoadResult loadBefore() throws IOException {
        return log.loadBefore(random.nextInt(OBJECTS), Tid.MAX);
    }

    /** The same as the answer of a connection. */
    @Benchmark
    public int loadBeforeIntoMessage() throws IOException {
        int oid = random.nextInt(OBJECTS);
        message.clear();
        log.loadBefore(oid, Tid.MAX, new Answer(oid));
        return message.writerIndex();
    }

    private final class Answer implements RecordTarget {
        private final long oid;

        Answer(long oid) {
            this.oid = oid;
        }

        @Override
        public ByteBuffer room(int length) {
            load.beginAnswer(oid, Tid.MAX, length, message);
            int data = message.writerIndex();
            message.writerIndex(data + length);
            return message.internalNioBuffer(data, length);
        }

        @Override
        public void loaded(long serial, long end) {
            load.endAnswer(0, serial, end, message);
        }
    }

    @TearDown
    public void delete() throws IOException {
        log.close();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private static final class Unheard implements TransactionLog.Forcing {
        @Override
        public void begin() {}

        @Override
        public void end() {}
    }

    private final class AllObjects implements StagedRecords {
        @Override
        public int count() {
            return OBJECTS;
        }

        @Override
        public long oid(int i) {
            return i;
        }

        @Override
        public int length(int i) {
            return record.length;
        }

        @Override
        public byte[] data(int i) {
            return record;
        }
    }
}
