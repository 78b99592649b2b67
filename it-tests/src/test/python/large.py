"""One transaction with very many bytes."""

import random

from ZODB.Connection import TransactionMetaData
from ZODB.utils import p64, z64

from scenario import check_equal, connect, main


def data(n, size):
    return n.to_bytes(8, 'big') * (size // 8)


def commit(address, records, size):
    records, size = int(records), int(size)
    storage = connect(address, wait_timeout=300)
    txn = TransactionMetaData(b'', b'large')
    storage.tpc_begin(txn)
    for n in range(records):
        storage.store(p64(n), z64, data(n, size), '', txn)
    storage.tpc_vote(txn)
    tid = storage.tpc_finish(txn)
    storage.close()

    storage = connect(address)
    check_equal(storage.lastTransaction(), tid, 'last transaction')
    check_equal(len(storage), records, 'objects')
    for n in sorted({0, records - 1, *random.Random(1).sample(range(records), min(records, 300))}):
        check_equal(storage.load(p64(n)) == (data(n, size), tid), True, f'object {n} is what was stored')
    storage.close()


if __name__ == '__main__':
    main(commit)
