"""Undo and what belongs to it: the undo log, histories, copies with a given tid, deletions; and what is in the file afterwards."""

import json
import os
import random
import time

import transaction
import ZODB
from transaction.interfaces import TransientError
from ZEO.Exceptions import ClientDisconnected, ServerException
from ZODB.blob import Blob
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.POSException import (ConflictError, MultipleUndoErrors, POSKeyError, StorageError, StorageTransactionError,
                               UndoError)
from ZODB.scripts import fstest
from ZODB.utils import maxtid, p64, u64, z64

from scenario import MinPO, Workers, check, check_equal, connect, fails, main, new_directory, open_db, record, say

SHOWN = 'undo-log.json'


def objects(address):
    """Undo of a change, of that, of a creation, of several; refusals; and what another client is told of it."""
    storage = connect(address)
    other = connect(address)
    first = store(storage, z64, z64, 'first')
    second = store(storage, z64, first, 'second')
    check_equal(other.load(z64)[1], second, 'serial at the other client')

    third, oids = undo(storage, second)
    check_equal(oids, [z64], 'objects that the vote names')
    check_equal(storage.load(z64), (record('first'), third), 'after the undo')
    other.ping()  # Behind the invalidation; sync does nothing unless asked for when the client is made.
    check_equal(other.load(z64), (record('first'), third), 'after the undo, at another client')
    check_equal(storage.loadSerial(z64, third), record('first'), 'loadSerial over a back pointer')
    check_equal(storage.getTid(z64), third, 'getTid over a back pointer')

    fourth, _ = undo(storage, third)
    check_equal(storage.load(z64), (record('second'), fourth), 'after the redo')
    check_equal(storage.loadBefore(z64, fourth), (record('first'), third, fourth), 'before the redo')

    created = store(storage, p64(1), z64, 'created')
    undone, _ = undo(storage, created)
    fails(POSKeyError, storage.load, p64(1))
    fails(POSKeyError, storage.getTid, p64(1))
    fails(POSKeyError, storage.loadSerial, p64(1), undone)
    check_equal(storage.loadBefore(p64(1), undone), (record('created'), created, undone), 'before the undo of the creation')
    again, _ = undo(storage, undone)
    check_equal(storage.load(p64(1)), (record('created'), again), 'after the undo of the undo of the creation')

    # Somebody has changed it since: that is not to be lost.
    changed = store(storage, p64(1), again, 'changed')
    error = undo_fails(storage, again)
    check_equal([oid for oid, _ in error._errs], [p64(1)], 'objects that cannot be undone')
    check_equal(storage.load(p64(1)), (record('changed'), changed), 'after an undo that failed')
    error = undo_fails(storage, created)
    check(p64(1).hex().lstrip('0') in str(error), f'the error names the object: {error}')
    for unknown in p64(u64(created) + 1), p64(1), maxtid:
        check_equal(undo_fails(storage, unknown)._errs[0][0], None, 'object of an error that is of none')
    for malformed in b'', b'AAAA', b'not base64 at all!':
        undo_fails(storage, id=malformed)

    # One of two objects has been changed since: none is undone.
    both = store(storage, p64(2), z64, 'a', also=[(p64(3), z64, 'b')])
    later = store(storage, p64(3), both, 'later')
    undo_fails(storage, both)
    check_equal(storage.load(p64(2)), (record('a'), both), 'an object of a transaction that is not undone')
    # Newest first, in one transaction.
    tid, oids = undo(storage, later, both)
    check_equal(sorted(set(oids)), [p64(2), p64(3)], 'objects of two undone transactions')
    fails(POSKeyError, storage.load, p64(2))
    fails(POSKeyError, storage.load, p64(3))

    deletions(storage)
    aborted(storage)
    keep_undo_log(storage)
    storage.close()
    other.close()


def deletions(storage):
    stored = store(storage, p64(10), z64, 'to be deleted')
    for oid, serial, exception in (p64(11), stored, POSKeyError), (p64(10), z64, ConflictError):
        txn = begun(storage)
        storage.deleteObject(oid, serial, txn)
        fails(exception, storage.tpc_vote, txn)
        storage.tpc_abort(txn)
    txn = begun(storage, b'deletion')
    storage.deleteObject(p64(10), stored, txn)
    storage.tpc_vote(txn)
    deleted = storage.tpc_finish(txn)
    fails(POSKeyError, storage.load, p64(10))
    check_equal(storage.loadBefore(p64(10), deleted), (record('to be deleted'), stored, deleted), 'before the deletion')
    check_equal([(entry['tid'], entry['size']) for entry in storage.history(p64(10), 5)],
                [(deleted, 0), (stored, len(record('to be deleted')))], 'history of a deleted object')
    restored, _ = undo(storage, deleted)
    check_equal(storage.load(p64(10)), (record('to be deleted'), restored), 'after the undo of the deletion')


def aborted(storage):
    tid = store(storage, p64(20), z64, 'stays')
    for voted in False, True:
        txn = begun(storage)
        storage.undo(undo_id(tid), txn)
        if voted:
            storage.tpc_vote(txn)
        storage.tpc_abort(txn)
        check_equal(storage.load(p64(20)), (record('stays'), tid), 'after an undo that was given up')
    store(storage, p64(20), tid, 'the locks are free')


def begun(storage, description=b'', tid=None, status=' ', **extension):
    txn = TransactionMetaData(b'someone', description, extension)
    storage.tpc_begin(txn, tid, status)
    return txn


def store(storage, oid, serial, value, description=b'', also=(), **extension):
    txn = begun(storage, description, **extension)
    for oid, serial, value in [(oid, serial, value), *also]:
        storage.store(oid, serial, record(value), '', txn)
    storage.tpc_vote(txn)
    return storage.tpc_finish(txn)


def undo_id(tid):
    import base64
    return base64.b64encode(tid)


def undo(storage, *tids):
    txn = begun(storage, b'undo')
    for tid in tids:
        storage.undo(undo_id(tid), txn)
    oids = storage.tpc_vote(txn)
    return storage.tpc_finish(txn), list(oids)


def undo_fails(storage, tid=None, id=None):
    txn = begun(storage, b'undo')
    storage.undo(undo_id(tid) if id is None else id, txn)
    error = fails(MultipleUndoErrors, storage.tpc_vote, txn)
    check(isinstance(error, UndoError) and str(error), 'an UndoError with a text')
    storage.tpc_abort(txn)
    return error


# The undo log

def log(address):
    """Paging, filters and extension data of the undo log, and of histories."""
    storage = connect(address)
    serial, tids = z64, []
    for n in range(30):
        serial = store(storage, z64, serial, n, b'number %d' % n, number=n, name='x' if n % 3 else 'y',
                       **({'id': 'mine', 'size': -1, 'user_name': 'other'} if n == 29 else {}))
        tids.append(serial)
    entries = storage.undoLog(0, 1000)
    check_equal([entry['id'] for entry in entries], [undo_id(tid) for tid in reversed(tids)], 'ids, newest first')
    check_equal(entries[1]['user_name'], b'someone', 'user')
    check_equal(entries[1]['description'], b'number 28', 'description')
    check_equal(entries[1]['number'], 28, 'extension')
    check_equal(entries[0]['size'], -1, 'size, which the extension has too')
    for first, last in (0, 5), (5, 10), (0, -20), (3, -4), (29, 40), (30, 40), (5, 5), (7, 3), (0, 0), (0, 10 ** 9):
        expected = entries[first:first - last if last < 0 else last]
        check_equal(storage.undoLog(first, last), expected, f'undoLog({first}, {last})')
    for specification, numbers in (
            ({'name': 'y'}, [n for n in range(29, -1, -1) if not n % 3]),
            ({'name': 'y', 'number': 27}, [27]),
            ({'description': b'number 3'}, [3]),
            ({'description': 'number 3'}, []),
            ({'user_name': b'someone'}, range(28, -1, -1)),
            ({'nothing': None, 'number': 5}, [5]),
            ({'number': 5.0}, [5]),
            ({}, range(29, -1, -1)),
            (None, range(29, -1, -1))):
        found = storage.undoInfo(0, 1000, specification)
        check_equal([entry['number'] for entry in found], list(numbers), f'undoInfo by {specification}')
    check_equal([entry['number'] for entry in storage.undoInfo(2, -3, {'name': 'y'})], [21, 18, 15], 'a page of undoInfo')

    history = storage.history(z64, 4)
    check_equal([entry['tid'] for entry in history], list(reversed(tids))[:4], 'tids of the history')
    check_equal(history[0]['number'], 29, 'extension in the history')
    check_equal(history[0]['user_name'], b'someone', 'user in the history, where an extension has it too')
    check_equal(history[0]['size'], len(record(29)), 'size in the history')
    check_equal([entry['tid'] for entry in storage.history(z64, 2)], list(reversed(tids))[:2], 'tids of a shorter history')
    check_equal(len(storage.history(z64, 1000)), 30, 'the whole history')
    check_equal(list(storage.history(z64, 0)), [], 'no history')
    undone, _ = undo(storage, tids[-1])
    check_equal(storage.history(z64, 1)[0]['size'], 0, 'size of a record that shares another\'s data')
    fails(POSKeyError, storage.history, p64(77), 1)
    fails(TypeError, storage.history, z64, None)
    keep_undo_log(storage)
    storage.close()


def keep_undo_log(storage):
    """Keeps what the server says, so that it can be compared with what Python says of the file."""
    shown = {'log': [plain(entry) for entry in storage.undoLog(0, 1000)],
             'info': [plain(entry) for entry in storage.undoInfo(0, 1000, {'user_name': b'someone'})],
             'length': len(storage), 'size': storage.getSize(),
             'interfaces': [list(pair) for pair in storage._info['interfaces']],
             'supportsUndo': storage.supportsUndo()}
    with open(SHOWN, 'w') as out:
        json.dump(shown, out)


def plain(entry):
    return {key: value.hex() if isinstance(value, bytes) else value
            for key, value in entry.items() if key != 'id' or isinstance(value, bytes)}


def left(path, blobs):
    """Whether Python's FileStorage takes the file, and says of it what the server said."""
    fstest.check(path)
    with open(SHOWN) as shown:
        shown = json.load(shown)
    storage = FileStorage(path, read_only=True, blob_dir=blobs)
    for entry, served in zip(storage.undoLog(0, 1000), shown['log'], strict=True):
        # What an extension calls "id" replaces the id in Python, and such a transaction cannot be undone.
        entry = plain(entry)
        served = {key: value for key, value in served.items() if key in entry}
        # What a float makes of a tid is not the same to the last digit everywhere.
        check(abs(served.pop('time') - entry.pop('time')) < 1e-5, f'time in the undo log: {served}')
        check_equal(served, entry, 'entry of the undo log')
    check_equal(len(shown['info']), len(storage.undoInfo(0, 1000, {'user_name': b'someone'})), 'length of undoInfo')
    check_equal(shown['length'], len(storage), 'length')
    check_equal(shown['size'], storage.getSize(), 'size')
    import zope.interface
    provided = [[iface.__module__, iface.__name__] for iface in zope.interface.providedBy(storage).__iro__]
    check_equal(shown['interfaces'], provided, 'interfaces')
    check_equal(bool(shown['supportsUndo']), bool(storage.supportsUndo()), 'supportsUndo')
    loaded = 0
    for txn in storage.iterator():
        for revision in txn:
            loaded += 1
            if revision.data is None:
                fails(POSKeyError, storage.loadSerial, revision.oid, revision.tid)
            else:
                check_equal(storage.loadSerial(revision.oid, revision.tid), revision.data, 'data of a revision')
    storage.close()
    return {'revisions': loaded}


# Blobs

def blobs(address, blobs):
    """Undo of changes, of a creation and of a removal of blobs; their files are there under the new tids."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    conn = db.open()
    root = conn.root()
    root['blob'] = Blob(b'first')
    transaction.commit()
    for content in b'second', b'third':
        with root['blob'].open('w') as file:
            file.write(content)
        transaction.commit()

    def undo_last(number=0):
        db.undo(db.undoLog(number, number + 1)[0]['id'])
        transaction.commit()
        conn.sync()

    def content():
        with root['blob'].open() as file:
            return file.read()

    undo_last()
    check_equal(content(), b'second', 'blob after an undo')
    check_equal(root['blob']._p_serial, db.lastTransaction(), 'serial of the blob after an undo')
    undo_last()
    check_equal(content(), b'third', 'blob after a redo')
    # The change to "second": there are newer ones, which would be lost.
    db.undo(db.undoLog(3, 4)[0]['id'])
    fails(MultipleUndoErrors, transaction.commit)
    transaction.abort()
    conn.sync()
    check_equal(content(), b'third', 'blob after an undo that failed')
    oid = root['blob']._p_oid
    root['other'] = Blob(b'other')
    transaction.commit()
    other = root['other']._p_oid
    undo_last()
    check('other' not in root, 'the creation is undone')
    fails(POSKeyError, db.storage.load, other)
    undo_last()
    with root['other'].open() as file:
        check_equal(file.read(), b'other', 'blob whose creation is undone and redone')
    # Another client, which has none of the files.
    fresh = open_db(address, blob_dir=new_directory('client-blobs'))
    with fresh.open().root()['blob'].open() as file:
        check_equal(file.read(), b'third', 'blob at another client')
    keep_undo_log(fresh.storage)
    fresh.close()
    db.close()
    temporary = os.path.join(blobs, 'tmp')
    check_equal(os.listdir(temporary), [], 'what is left in tmp')
    return {'oid': oid.hex()}


# Copies

def copies(address, source_directory):
    """A copy of a storage, transaction by transaction, is the same file, byte by byte."""
    path = os.path.join(source_directory, 'Data.fs')
    source = FileStorage(path, read_only=True)
    storage = connect(address)
    for txn in source.iterator():
        storage.tpc_begin(txn, txn.tid, txn.status)
        for revision in txn:
            storage.restore(revision.oid, revision.tid, revision.data, '', revision.data_txn, txn)
        storage.tpc_vote(txn)
        check_equal(storage.tpc_finish(txn), txn.tid, 'tid of a copy')
    check_equal(storage.lastTransaction(), source.lastTransaction(), 'last transaction')
    check_equal(storage.new_oid() > max(oid for txn in source.iterator() for oid in (r.oid for r in txn)), True,
                'a new oid is none that was copied')
    # What is not later than the last.
    for tid in source.lastTransaction(), p64(1):
        txn = begun(storage, b'too late', tid=tid)
        error = fails(ServerException, storage.tpc_vote, txn)
        check('later' in str(error) or 'after' in str(error), f'the error: {error}')
        storage.tpc_abort(txn)
    source.close()
    storage.close()


def hints(address):
    """Copies with hints that are wrong, of a transaction that was packed, and of one that has another tid."""
    storage = connect(address)
    txn = begun(storage, b'copy', tid=p64(1 << 40), status='p')
    storage.restore(p64(1), p64(1 << 40), record('a'), '', None, txn)
    storage.tpc_vote(txn)
    storage.tpc_finish(txn)
    second = p64((1 << 40) + 5)
    txn = begun(storage, b'copy', tid=second)
    storage.restore(p64(1), second, record('b'), '', p64(1 << 40), txn)  # other data
    storage.restore(p64(2), second, record('a'), '', p64(1 << 40), txn)  # no such object there
    storage.restore(p64(3), second, None, '', p64(77), txn)  # no such transaction
    storage.tpc_vote(txn)
    check_equal(storage.tpc_finish(txn), second, 'tid')
    third = p64((1 << 40) + 9)
    txn = begun(storage, b'copy', tid=third)
    storage.restore(p64(1), third, record('a'), '', p64(1 << 40), txn)
    storage.tpc_vote(txn)
    storage.tpc_finish(txn)
    check_equal(storage.load(p64(1)), (record('a'), third), 'a record that shares data')
    check_equal(storage.load(p64(2)), (record('a'), second), 'an object with a hint to another')
    fails(POSKeyError, storage.load, p64(3))
    check_equal([e['size'] for e in storage.history(p64(1), 9)], [0, len(record('b')), len(record('a'))], 'sizes')
    check_equal(len(storage.undoLog(0, 10)), 2, 'the undo log ends at what was packed')
    undo_fails(storage, p64(1 << 40))
    keep_undo_log(storage)
    storage.close()


# Under load

WRITERS = 8


def busy(address):
    """Undo while others commit: each undo is whole, nobody waits for ever, and no change is lost."""
    storage = connect(address)
    for n in range(WRITERS):
        store(storage, p64(100 + n), z64, 0)
    workers = Workers()
    for n in range(WRITERS):
        workers.start(increments, address, p64(100 + n))
    undone = 0
    oid, serial = p64(1), z64
    for n in range(20):
        serial = store(storage, oid, serial, n)
        changed = store(storage, oid, serial, f'to be undone {n}')
        serial, _ = undo(storage, changed)
        check_equal(storage.load(oid), (record(n), serial), f'after undo {n}')
        undone += 1
    open('enough', 'w').close()
    counts = workers.join()
    store(storage, oid, serial, 'a client knows the size after a transaction of its own')
    for n, count in enumerate(counts):
        check_equal(storage.load(p64(100 + n))[0], record(count), f'increments of writer {n}')
        check_equal(len(storage.history(p64(100 + n), 10 ** 6)), count + 1, f'revisions of writer {n}')
    keep_undo_log(storage)
    storage.close()
    return {'undone': undone, 'commits': sum(counts)}


def increments(address, oid):
    storage = connect(address)
    serial = storage.getTid(oid)
    count = 0
    while not os.path.exists('enough'):
        count += 1
        serial = store(storage, oid, serial, count)
    storage.close()
    return count


# Kills

def flip(address, seed):
    """Changes two objects, the second a blob, and undoes that, until the server is killed for the last time."""
    rng = random.Random(seed)
    say('flipping')
    undos = 0
    while not os.path.exists('enough'):
        try:
            undos += flips(address, rng)
        except (ClientDisconnected, StorageError, TransientError, OSError) as gone:
            print(type(gone).__name__, gone)
            time.sleep(0.05)
    return {'undos': undos}


def flips(address, rng):
    undos = 0
    db = open_db(address, blob_dir=new_directory('client-blobs'), wait_timeout=30)
    try:
        manager = transaction.TransactionManager()
        conn = db.open(manager)
        root = conn.root()
        if 'blob' not in root:
            root['blob'] = Blob(b'0')
            root['n'] = MinPO(0)
            manager.commit()
        while not os.path.exists('enough'):
            root['n'].value += 1
            with root['blob'].open('w') as file:
                file.write(b'%d' % root['n'].value * (1 + rng.randrange(2000)))
            manager.get().note(f'change to {root["n"].value}')
            manager.commit()
            if rng.random() < 0.8:
                db.undo(db.undoLog(0, 1)[0]['id'], manager.get())
                manager.get().note('undo')
                manager.commit()
                undos += 1
                with open('undos', 'a') as out:
                    out.write('undo\n')
            conn.sync()
            consistent(root)
    finally:
        db.close()
    return undos


def consistent(root):
    with root['blob'].open() as file:
        content = file.read()
    number = b'%d' % root['n'].value
    check(content == number * (len(content) // len(number)), f'blob {content[:50]} beside {number}')


def flipped(path, blobs):
    """Whether all revisions are whole, each with its blob."""
    fstest.check(path)
    storage = FileStorage(path, blob_dir=blobs)
    db = ZODB.DB(storage)
    states = 0
    for txn in list(storage.iterator()):
        before = p64(u64(txn.tid) + 1)
        try:
            conn = db.open(before=before)
            root = conn.root()
        except POSKeyError:
            continue
        if 'blob' in root:
            consistent(root)
            states += 1
        conn.close()
    db.close()
    check_equal(os.listdir(os.path.join(blobs, 'tmp')), [], 'what is left in tmp')
    return {'states': states}


if __name__ == '__main__':
    main(objects, log, left, blobs, copies, hints, busy, flip, flipped)
