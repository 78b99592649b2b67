"""Walks over a storage through the server, compared with what Python's FileStorage says of a copy of its files."""

import os
import shutil
import threading

import transaction
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError
from ZODB.utils import p64, u64, z64

from files import make
from scenario import DEADLINE, MinPO, check, check_equal, connect, main, open_db


def copied(directory):
    copy = os.path.join(directory, 'copy')
    os.mkdir(copy)
    shutil.copy(os.path.join(directory, 'Data.fs'), copy)
    return FileStorage(os.path.join(copy, 'Data.fs'), read_only=True)


def lines(storage, start=None, stop=None):
    """A line for each transaction and each record that an iterator gives."""
    result = []
    for txn in storage.iterator(start, stop):
        result.append((txn.tid, txn.status, txn.user, txn.description, txn.extension))
        for record in txn:
            result.append((record.oid, record.tid, record.data, record.data_txn, record.version))
    return result


def compare(address, directory):
    expected = copied(directory)
    served = connect(address)
    everything = lines(expected)
    check_equal(lines(served), everything, 'all transactions')
    tids = [txn.tid for txn in expected.iterator()]
    for start, stop in ranges(tids):
        check_equal(lines(served, start, stop), lines(expected, start, stop), f'from {start} to {stop}')
    check_equal(list(current(served)), list(current(expected)), 'current records')
    check(any(line[2] is None for line in everything), 'no deletion in the file')
    check(any(line[3] and len(line) == 5 and isinstance(line[3], bytes) and line[3] in tids for line in everything),
          'no record in the file that points to an older one')
    out_of_order(served)
    served.close()
    expected.close()
    return {'lines': len(everything)}


def ranges(tids):
    yield z64, None
    for n in range(0, len(tids), 3):
        tid = tids[n]
        before, after = p64(u64(tid) - 1), p64(u64(tid) + 1)
        yield tid, tid
        yield before, after
        yield after, None
        yield None, before
        yield before, tids[(n * 2) % len(tids)]
    yield p64(u64(tids[-1]) + 1), None


def current(storage):
    """What record_iternext gives, past the objects that are deleted."""
    following = None
    while True:
        try:
            oid, tid, data, following = storage.record_iternext(following)
        except POSKeyError as deleted:
            oid = deleted.args[0]
            yield oid, 'deleted'
            try:
                storage.record_iternext(p64(u64(oid) + 1))
            except POSKeyError:
                pass
            except Exception as end:
                check('ValueError' in repr(end), f'after the last record: {end!r}')
                return
            following = p64(u64(oid) + 1)
            continue
        yield oid, tid, data, following
        if following is None:
            return


def out_of_order(served):
    """Iterators that are used as no client does."""
    first = served.iterator()
    iterators = [served.iterator() for _ in range(5)]
    firsts = [next(it).tid for it in iterators]
    check_equal(set(firsts), {next(first).tid}, 'first transactions')
    txn = next(iterators[0])
    records = iter(txn)
    check(next(records).oid is not None, 'a record')
    del txn, records
    late = next(iterators[1])
    next(iterators[1])
    found = attempt(list, late)
    check('Out-of-order' in repr(found), f'records of a transaction that is no longer the last one: {found!r}')
    check('KeyError' in repr(attempt(served._call, 'iterator_next', 999999)), 'an iterator that there is not')
    served._call('iterator_gc', [0, 1, 999999])


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except Exception as found:
        return found


def meanwhile(address):
    """An iterator that is walked while others commit sees what was there when it began, whole."""
    db = open_db(address)
    with db.transaction() as conn:
        conn.root()['counter'] = MinPO(0)
    served = connect(address)
    done = threading.Event()
    committed = []
    more = threading.Condition()

    def commit():
        manager = transaction.TransactionManager()
        conn = db.open(manager)
        while not done.is_set():
            conn.root()['counter'].value += 1
            manager.commit()
            with more:
                committed.append(1)
                more.notify()
        conn.close()

    writer = threading.Thread(target=commit)
    writer.start()
    try:
        for _ in range(4):
            before = served.lastTransaction()
            iterator = served.iterator()
            seen = [(txn.tid, len(list(txn))) for txn in iterator]
            after = served.lastTransaction()
            tids = [tid for tid, _ in seen]
            check_equal(tids, sorted(set(tids)), 'tids, in order')
            check(before <= tids[-1] <= after, f'the last one: {tids[-1].hex()} (expected: {before.hex()} to {after.hex()})')
            check(all(count > 0 for _, count in seen), 'transactions with records')
            with more:
                before = len(committed)
                check(more.wait_for(lambda: len(committed) > before, DEADLINE), 'nobody commits')
            check_equal(list(iterator), [], 'an iterator that has ended')
    finally:
        done.set()
        writer.join()
    served.close()
    db.close()
    return {'commits': len(committed)}


if __name__ == '__main__':
    main(make, compare, meanwhile)
