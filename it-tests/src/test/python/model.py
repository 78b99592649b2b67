"""One more client of the model test: changes the objects that all clients change, and checks what it reads itself."""

import random
import time

from persistent.mapping import PersistentMapping
from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import TransactionMetaData
from ZODB.POSException import ConflictError, StorageError
from ZODB.serialize import ObjectWriter
from ZODB.utils import p64, u64

from scenario import check, connect, main


def work(address, seed, seconds, *oids):
    """Commits pairs of objects, always both with the same value, and expects to read them so."""
    rng = random.Random(int(seed))
    oids = [p64(int(oid)) for oid in oids]
    storage = connect(address, wait_timeout=60)
    end = time.monotonic() + float(seconds)
    attempts = commits = conflicts = disconnects = 0
    while time.monotonic() < end:
        try:
            first = rng.randrange(0, len(oids), 2)
            pair = oids[first:first + 2]
            before = p64(u64(storage.lastTransaction()) + 1)
            read = [storage.loadBefore(oid, before) for oid in pair]
            check(read[0][1] == read[1][1], f'a pair read at {before.hex()}: {read}')
            attempts += 1
            commit(storage, pair, read[0][1], f'python {seed} {attempts}')
            commits += 1
        except ConflictError:
            conflicts += 1
            storage.sync()
        except (ClientDisconnected, StorageError):
            disconnects += 1
    storage.close()
    return {'attempts': attempts, 'commits': commits, 'conflicts': conflicts, 'disconnects': disconnects}


def commit(storage, pair, serial, value):
    data = ObjectWriter().serialize(PersistentMapping(value=value))
    txn = TransactionMetaData('python', value)
    storage.tpc_begin(txn)
    try:
        for oid in pair:
            storage.store(oid, serial, data, '', txn)
        storage.tpc_vote(txn)
        storage.tpc_finish(txn)
    except BaseException:
        storage.tpc_abort(txn)
        raise


if __name__ == '__main__':
    main(work)
