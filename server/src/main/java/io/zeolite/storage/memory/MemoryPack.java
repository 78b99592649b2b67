package io.zeolite.storage.memory;

import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.pickle.ReferenceKind;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.PackControl.RemovedBlobs;
import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/**
 * A pack of a {@link MemoryLog}, by the rules of ZODB's {@code MappingStorage}: of each object, the revisions that were
 * replaced up to the time of the pack go, and then all objects that no remaining revision of a reachable object refers
 * to.
 */
final class MemoryPack implements Pack {
    private final MemoryLog log;
    private final PackControl control;
    private final ArrayDeque<Long> todo = new ArrayDeque<>();
    private final Set<Long> reachable = new HashSet<>();
    private final RecordScanner scanner = new RecordScanner(this::reference);
    private final RecordScanner blobScanner = new RecordScanner((kind, oid) -> {});
    private long lengthBefore;

    MemoryPack(MemoryLog log, PackControl control) {
        this.log = log;
        this.control = control;
    }

    @Override
    public boolean copy() {
        lengthBefore = log.length();
        return lengthBefore > 0 && log.mayPack(control.stop());
    }

    /** All of it, on the committer's thread: what there is in memory is soon seen. */
    @Override
    public boolean replace(boolean now) throws IOException {
        if (control.isWhole()) {
            if (!log.oids().contains(Oid.ROOT)) {
                throw new IOException("there is no root object, so that everything would be garbage");
            }
            reference(ReferenceKind.STRONG, Oid.ROOT);
            while (!todo.isEmpty()) {
                follow(todo.remove());
            }
        } else {
            reachable.addAll(log.oids());
        }
        if (control.removed() != null) {
            report(control.removed());
        }
        log.keep(control.stop(), reachable);
        return true;
    }

    /** Before they go: what cannot be reported stays. */
    private void report(RemovedBlobs blobs) throws IOException {
        blobs.clear();
        log.visitDropped(control.stop(), reachable, (oid, tid, data) -> {
            if (blobScanner.isBlob(data, 0, data.length)) {
                blobs.add(oid, tid);
            }
        });
        blobs.force();
        blobs.complete();
    }

    private void reference(ReferenceKind kind, long oid) {
        if (kind == ReferenceKind.STRONG && reachable.add(oid)) {
            todo.add(oid);
        }
    }

    private void follow(long oid) throws IOException {
        for (byte[] data : log.revisionsKept(oid, control.stop())) {
            try {
                scanner.scan(data, 0, data.length);
            } catch (PickleException e) {
                throw new IOException(
                        "the record of object " + Oid.toString(oid) + " cannot be read: " + e.getMessage());
            }
            control.pace().spent(data.length);
        }
    }

    @Override
    public String report() {
        return log.info().name() + " had " + lengthBefore + " objects and has " + log.length();
    }

    @Override
    public void close() {}
}
