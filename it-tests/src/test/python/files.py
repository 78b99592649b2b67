"""Files of a FileStorage: made by Python, compared with what a server says of them, and examined as a server left them."""

import collections
import os
import shutil
import sys

import transaction
import ZODB
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from ZODB.blob import Blob
from ZODB.FileStorage import FileStorage
from ZODB.fsIndex import fsIndex
from ZODB.POSException import POSKeyError
from ZODB.scripts import fstest
from ZODB.utils import maxtid, p64, u64

from scenario import MinPO, check, check_equal, connect, main

file_storage_module = sys.modules['ZODB.FileStorage.FileStorage']


def make(directory):
    """A Data.fs with several revisions, undone transactions, a created and undone object, a deletion and blobs."""
    storage = FileStorage(os.path.join(directory, 'Data.fs'), blob_dir=os.path.join(directory, 'blobs'))
    db = ZODB.DB(storage)
    conn = db.open()
    root = conn.root()
    root['tree'] = OOBTree({f'{n:05}': MinPO(n) for n in range(500)})
    root['undone'] = MinPO('first')
    root['blob'] = Blob(b'first content')
    note('start')
    for n in range(5):
        root['tree'][f'{n:05}'].value = f'changed {n}'
        note(f'change {n}')
    root['undone'].value = 'second'
    note('to undo')
    undo(db, 'undo of a change')
    root['created'] = MinPO('created, then undone')
    note('to undo')
    undo(db, 'undo of a creation')
    conn.sync()
    with root['blob'].open('w') as out:
        out.write(b'second content' * 10000)
    note('blob')
    root['empty blob'] = Blob(b'')
    note('empty blob', extension={'colour': 'blue', 'n': 3})
    root['big'] = MinPO('x' * 300000)
    note('big')
    doomed = root['tree']['00499']
    oid = doomed._p_oid
    del root['tree']['00499']
    note('unlinked')
    serial = storage.getTid(oid)
    txn = ZODB.Connection.TransactionMetaData(b'', b'deletion')
    storage.tpc_begin(txn)
    storage.deleteObject(oid, serial, txn)
    storage.tpc_vote(txn)
    storage.tpc_finish(txn)
    db.close()
    return {'size': os.path.getsize(os.path.join(directory, 'Data.fs'))}


def note(text, extension=()):
    current = transaction.get()
    current.note(text)
    current.setUser('someone')
    for key, value in dict(extension).items():
        current.setExtendedInfo(key, value)
    transaction.commit()


def undo(db, text):
    db.undo(db.undoLog(0, 1)[0]['id'])
    note(text)


def compare(address, directory):
    """Whether the server says of each revision in the file what Python's FileStorage says of a copy of it."""
    copy = os.path.join(directory, 'copy')
    os.mkdir(copy)
    shutil.copy(os.path.join(directory, 'Data.fs'), copy)
    shutil.copytree(os.path.join(directory, 'blobs'), os.path.join(copy, 'blobs'))
    expected = FileStorage(os.path.join(copy, 'Data.fs'), read_only=True, blob_dir=os.path.join(copy, 'blobs'))
    served = connect(address, blob_dir=os.path.join(copy, 'cache'))
    check_equal(served.lastTransaction(), expected.lastTransaction(), 'last transaction')
    check_equal(len(served), len(expected), 'length')
    check_equal(served.getSize(), expected.getSize(), 'size')
    check_equal(served.sortKey() is not None, True, 'sort key')
    revisions = blobs = 0
    seen = set()
    for transaction_record in expected.iterator():
        for revision in transaction_record:
            revisions += 1
            seen.add(revision.oid)
            oid, tid = revision.oid, revision.tid
            for before in (tid, p64(u64(tid) + 1), p64(u64(tid) - 1)):
                same(expected, served, 'loadBefore', oid, before)
            same(expected, served, 'loadSerial', oid, tid)
            if same(expected, served, 'loadBlob', oid, tid, outcome=content):
                blobs += 1
    for oid in sorted(seen) + [p64(999999), p64((1 << 64) - 1)]:
        same(expected, served, 'getTid', oid)
        same(expected, served, 'loadBefore', oid, maxtid)
        same(expected, served, 'loadSerial', oid, p64(1))
    served.close()
    expected.close()
    check(blobs == 3, f'blobs: {blobs} (expected: 3)')
    return {'revisions': revisions, 'objects': len(seen)}


def same(expected, served, method, *arguments, outcome=lambda result: result):
    """Whether both return the same, or both raise POSKeyError; True if they returned."""
    wanted = attempt(getattr(expected, method), arguments, outcome)
    found = attempt(getattr(served, method), arguments, outcome)
    call = f'{method}{tuple(argument.hex() for argument in arguments)}'
    check(found == wanted, f'{call}: {str(found)[:200]} (expected: {str(wanted)[:200]})')
    return wanted != 'POSKeyError'


def attempt(method, arguments, outcome):
    try:
        return outcome(method(*arguments))
    except POSKeyError:
        return 'POSKeyError'


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def examine(path, blobs=None):
    """Whether the file is what Python's tools expect, opens without a scan, and every object in it loads."""
    fstest.check(path)
    size = os.path.getsize(path)
    saved = fsIndex.load(path + '.index')
    check_equal(saved['pos'], size, 'position in the saved index')
    check_equal(scanned_index(path, size), dict(saved['index'].items()), 'objects in the saved index, against a scan')

    starts = []
    read_index = file_storage_module.read_index

    def watched(*arguments, **named):
        starts.append(named.get('start'))
        return read_index(*arguments, **named)

    file_storage_module.read_index = watched
    try:
        storage = FileStorage(path, blob_dir=blobs)
    finally:
        file_storage_module.read_index = read_index
    if not stores_an_object_twice(storage):
        check_equal(starts, [size], 'where Python began to scan')
    db = ZODB.DB(storage)
    conn = db.open()
    loaded = 0
    for oid in list(saved['index'].keys()):
        try:
            data = storage.load(oid)[0]
        except POSKeyError:
            continue  # deleted, or its creation undone
        obj = conn.get(oid)
        obj._p_activate()
        check(data, f'oid {oid.hex()} has no data')
        if isinstance(obj, Blob):
            with obj.open('r') as file:
                file.read()
        loaded += 1
        if loaded % 1000 == 0:
            conn.cacheMinimize()
    db.close()
    return {'objects': loaded}


def stores_an_object_twice(storage):
    """Whether one of the last transactions has two records of one object, as the commit of a blob does. Python then takes the
    saved index for a wrong one and scans, also its own."""
    last = collections.deque(([record.oid for record in txn] for txn in storage.iterator()), maxlen=5)
    return any(len(oids) != len(set(oids)) for oids in last)


def scanned_index(path, size):
    """The index that a scan of the whole file gives."""
    index = fsIndex()
    with open(path, 'rb') as file:
        end, _, _ = file_storage_module.read_index(file, path, index, {}, read_only=True)
    check_equal(end, size, 'end of the scan')
    return dict(index.items())


def extend(path, blobs):
    """Python goes on where the server stopped."""
    db = ZODB.DB(FileStorage(path, blob_dir=blobs))
    with db.transaction() as conn:
        conn.root()['python'] = PersistentMapping(after='the server')
        conn.root()['python blob'] = Blob(b'after the server')
    db.close()


def extended(address):
    """The server goes on where Python stopped."""
    db = ZODB.DB(connect(address, blob_dir='cache'))
    with db.transaction() as conn:
        root = conn.root()
        check_equal(root['python']['after'], 'the server', 'what Python wrote')
        with root['python blob'].open() as file:
            check_equal(file.read(), b'after the server', 'the blob that Python wrote')
        root['again'] = MinPO(1)
    db.close()


if __name__ == '__main__':
    main(make, compare, examine, extend, extended)
