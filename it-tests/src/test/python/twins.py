"""The same random changes, with the same tids, in storages of the server and of Python: their files are the same, byte by byte."""

import io
import pickle
import random
from base64 import decodebytes

from persistent.mapping import PersistentMapping
from persistent.TimeStamp import TimeStamp
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSError, POSKeyError
from ZODB.serialize import referencesf
from ZODB.utils import p64, u64, z64

from scenario import check_equal, connect, main, new_directory

OBJECTS = 12
ROUNDS = 25
FIRST = u64(TimeStamp(2020, 1, 1, 0, 0, 0).raw())
# Some minutes: a pack is told a time, which does not tell tids apart to the last bit.
STEP = (3 << 32) + 12345


class Reference:
    def __init__(self, oid):
        self.oid = oid


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return (p64(value.oid), PersistentMapping) if isinstance(value, Reference) else None


def record(text, references):
    """A mapping with references, as ZODB writes it."""
    out = io.BytesIO()
    pickler = Pickler(out, 3)
    pickler.dump(PersistentMapping)
    pickler.dump({'data': {'text': text, 'others': [Reference(oid) for oid in references]}})
    return out.getvalue()


class Twins:
    def __init__(self, address, name, path, rnd, gc):
        self.server = connect(address, name)
        self.path = path
        self.own_path = f'{new_directory("twin" + name)}/Data.fs'
        self.own = FileStorage(self.own_path, pack_gc=gc)
        self.random = rnd
        self.tid = FIRST
        self.trace = []
        self.counts = {}

    def run(self):
        self.both('make', self.make)
        for _ in range(ROUNDS):
            step = self.random.choices((self.store, self.delete, self.undo, self.restore, self.pack), (8, 1, 5, 2, 1))[0]
            self.count(step.__name__, step())
            self.compare()
        self.server.close()
        self.own.close()
        # Each opens the other's: the server's by Python here, Python's by the server below.
        FileStorage(self.path, read_only=True).close()

    def make(self, storage, txn):
        storage.store(z64, z64, record('root', [1, 2, 3]), '', txn)
        for oid in range(1, OBJECTS):
            storage.store(p64(oid), z64, record('new', []), '', txn)

    def count(self, step, outcome):
        self.counts[f'{step} {outcome}'] = self.counts.get(f'{step} {outcome}', 0) + 1

    def compare(self):
        with open(self.path, 'rb') as one, open(self.own_path, 'rb') as other:
            found, expected = one.read(), other.read()
        if found != expected:
            at = next((i for i, (x, y) in enumerate(zip(found, expected)) if x != y), min(len(found), len(expected)))
            check_equal((len(found), at, found[at - 8:at + 40]), (len(expected), at, expected[at - 8:at + 40]),
                        f'{self.path} after {self.trace}')

    def both(self, what, change, status=' '):
        """Makes a change in both; whether they took it, which is the same for both."""
        self.tid += STEP
        self.trace.append((what, hex(self.tid)))
        outcomes = [self.transact(storage, change, status) for storage in (self.own, self.server)]
        check_equal(outcomes[1], outcomes[0], f'the last of {self.trace}')
        return outcomes[0]

    def transact(self, storage, change, status):
        txn = TransactionMetaData('user', f'step {len(self.trace)}', {'n': len(self.trace)})
        storage.tpc_begin(txn, p64(self.tid), status)
        try:
            change(storage, txn)
            storage.tpc_vote(txn)
        except POSError as e:
            storage.tpc_abort(txn)
            self.trace.append(type(e).__name__)
            return 'refused'
        storage.tpc_finish(txn)
        return 'done'

    def serial(self, oid):
        """Of the last revision, which may be a deletion."""
        try:
            return self.own._read_data_header(self.own._lookup_pos(oid), oid).tid
        except POSKeyError:
            return z64

    def data(self, oid):
        """Of the last revision; None if there is none, or if it is a pointer to one that is a deletion."""
        try:
            return self.own.loadSerial(oid, self.serial(oid))
        except POSKeyError:
            return None

    def some_record(self):
        return record(f'{self.random.random()}' * self.random.randrange(1, 30), self.some(4))

    def some(self, most):
        return self.random.sample(range(OBJECTS), self.random.randrange(most))

    def store(self):
        records = [(p64(oid), self.serial(p64(oid)), self.some_record()) for oid in self.some(5) or [1]]

        def change(storage, txn):
            for oid, serial, data in records:
                storage.store(oid, serial, data, '', txn)
        return self.both('store', change)

    def delete(self):
        oid = p64(self.random.randrange(1, OBJECTS))
        serial = self.serial(oid)
        return self.both(f'delete {oid.hex()}', lambda storage, txn: storage.deleteObject(oid, serial, txn))

    def undo(self):
        """
        Of one transaction, or of several at once, the last of them first, that have no object in common: an object that is
        written twice in one transaction is written once by the server.
        """
        known = [entry['id'] for entry in self.own.undoLog(0, -10) if entry['description'] != b'step 1']
        if not known:
            return 'nothing'
        several, seen = [], set()
        for tid in known[self.random.randrange(len(known)):][:self.random.choice((1, 1, 1, 2, 3))]:
            oids = self.oids(decodebytes(tid + b'\n'))
            if seen.isdisjoint(oids):
                seen |= oids
                several.append(tid)

        def change(storage, txn):
            for tid in several:
                storage.undo(tid, txn)
        return self.both(f'undo {several}', change)

    def oids(self, tid):
        for txn in self.own.iterator(tid, tid):
            return {rec.oid for rec in txn}

    def restore(self):
        """With a hint now and then, of a transaction that has the same data."""
        records = []
        for oid in self.some(4) or [1]:
            oid = p64(oid)
            current = self.data(oid)
            if current and self.random.random() < 0.5:
                records.append((oid, current, self.serial(oid)))
            else:
                records.append((oid, self.random.choice((None, self.some_record())), None))

        def change(storage, txn):
            for oid, data, hint in records:
                storage.restore(oid, p64(self.tid), data, '', hint, txn)
        return self.both('restore', change)

    def pack(self):
        """Of a file whose last transaction stays: the server keeps the header of one that does not, and with it the last tid."""
        serial, data = self.serial(z64), record('root', self.some(OBJECTS))
        self.both('root', lambda storage, txn: storage.store(z64, serial, data, '', txn))
        time = TimeStamp(p64(self.tid + STEP // 2)).timeTime()
        self.trace.append(('pack', time))
        try:
            self.own.pack(time, referencesf)
        except KeyError:
            # It cannot pack with a reference to an object that has been deleted. The server can.
            return 'impossible'
        self.server.pack(time, True)
        return 'done'


def twins(address, seed, *files):
    """Files are those of the server's storages, named 1, 2 and so on; every second one packs without garbage collection."""
    counts = {}
    for n, path in enumerate(files, 1):
        pair = Twins(address, str(n), path, random.Random(f'{seed}-{n}'), gc=n % 2 == 1)
        pair.run()
        for what, count in pair.counts.items():
            counts[what] = counts.get(what, 0) + count
    return counts


if __name__ == '__main__':
    main(twins)
