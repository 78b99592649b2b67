"""Packs: what is left, beside what Python leaves of the same file, under load, and after kills."""

import os
import random
import shutil
import sys
import threading
import time

import transaction
import ZODB
import ZODB.scripts.fsrefs
import ZODB.scripts.fstest
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from persistent.wref import WeakRef
from ZEO.Exceptions import ClientDisconnected, ServerException
from ZODB.blob import Blob
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError, POSKeyError
from ZODB.serialize import referencesf
from ZODB.TimeStamp import TimeStamp

from scenario import MinPO, check, check_equal, connect, main, open_db, say


def make(directory):
    """A Data.fs with everything that a pack must tell apart. Returns the times between its parts."""
    path = os.path.join(directory, 'Data.fs')
    storage = FileStorage(path, blob_dir=os.path.join(directory, 'blobs'))
    other = DB(None, database_name='other', databases={})
    databases = {'other': other}
    other.databases = databases
    db = DB(storage, database_name='main', databases=databases)
    conn = db.open()
    root = conn.root()
    times = []

    def note(text):
        transaction.get().note(text)
        transaction.commit()

    def undo(index=0):
        db.undo(db.undoLog(index, index + 1)[0]['id'])
        note('undo')
        conn.sync()

    def moment():
        time.sleep(0.02)
        times.append(time.time())
        time.sleep(0.02)

    root['tree'] = OOBTree({f'{n:05}': MinPO(n) for n in range(300)})
    root['weak'] = WeakRef(root['tree']['00007'])
    conn.get_connection('other').root()['there'] = foreign = MinPO('elsewhere')
    conn.get_connection('other').add(foreign)
    transaction.commit()
    root['foreign'] = PersistentMapping(there=foreign)
    a, b = MinPO('a'), MinPO('b')
    a.other, b.other = b, a
    root['cycle'] = a
    root['blobs'] = PersistentMapping({n: Blob(b'blob %d' % n) for n in range(6)})
    root['undone'] = MinPO('first')
    root['lonely'] = PersistentMapping(child=PersistentMapping(grandchild=MinPO('deep')))
    note('start')
    for n in range(0, 300, 3):
        root['tree'][f'{n:05}'].value = f'changed {n}'
        if n % 30 == 0:
            note('change')
    with root['blobs'][1].open('w') as out:
        out.write(b'second')
    note('blob changed')
    with root['blobs'][5].open('w') as out:
        out.write(b'to be undone')
    note('blob to undo')
    undo()
    root['undone'].value = 'second'
    note('change to undo')
    undo()
    root['created'] = MinPO('created and undone')
    note('creation to undo')
    undo()
    del root['tree']['00007']
    del root['cycle']
    del root['blobs'][2]
    note('garbage')
    doomed = root['tree']['00299']
    oid = doomed._p_oid
    del root['tree']['00299']
    note('unlinked')
    txn = ZODB.Connection.TransactionMetaData(b'', b'deletion')
    storage.tpc_begin(txn)
    storage.deleteObject(oid, storage.getTid(oid), txn)
    storage.tpc_vote(txn)
    storage.tpc_finish(txn)
    root['undone'].value = 'third'
    note('change to undo later')
    root['undone'].value = 'fourth'
    note('another')
    del root['lonely']
    note('unlinked, to be undone later')
    moment()
    undo()  # The objects of 'lonely' were garbage at that moment.
    undo(1 + 1)  # Of the change to 'third' nothing remains current: a back pointer to what was replaced.
    for n in range(1, 300, 50):
        root['tree'][f'{n:05}'].value = f'later {n}'
    note('later')
    with root['blobs'][3].open('w') as out:
        out.write(b'later')
    note('later blob')
    moment()
    transaction.get().note('empty')
    txn = ZODB.Connection.TransactionMetaData(b'', b'empty')
    storage.tpc_begin(txn)
    storage.tpc_vote(txn)
    storage.tpc_finish(txn)
    moment()
    db.close()
    other.close()
    return {'times': ' '.join(str(t) for t in times)}


def python_pack(source, target, gc, when):
    """What Python makes of a copy of the file."""
    copy(source, target)
    storage = FileStorage(os.path.join(target, 'Data.fs'), blob_dir=os.path.join(target, 'blobs'), pack_gc=gc == 'true')
    storage.pack(float(when), referencesf)
    storage.close()


def copy(source, target):
    os.makedirs(target)
    shutil.copy(os.path.join(source, 'Data.fs'), target)
    shutil.copytree(os.path.join(source, 'blobs'), os.path.join(target, 'blobs'))


def pack(address, when='', wait='true'):
    storage = connect(address)
    storage.pack(float(when) if when else time.time(), wait == 'true')
    storage.close()


def records(directory):
    storage = FileStorage(os.path.join(directory, 'Data.fs'), read_only=True)
    found = {}
    order = []
    for txn in storage.iterator():
        order.append(txn.tid)
        for record in txn:
            found[txn.tid, record.oid] = (record.tid, record.data, record.data_txn, txn.status, txn.description)
    current = {oid: pos for oid, pos in storage._index.items()}
    storage.close()
    return found, order, current


def blob_files(directory):
    blobs = os.path.join(directory, 'blobs')
    return {os.path.relpath(os.path.join(top, name), blobs): open(os.path.join(top, name), 'rb').read()
            for top, _, names in os.walk(blobs) for name in names if name.endswith('.blob')}


def compare(ours, pythons, is_same):
    """Whether two packed files have the same in them; or, if not the same, all that Python keeps and nothing broken."""
    found, order, current = records(ours)
    expected, expected_order, expected_current = records(pythons)
    for key, record in expected.items():
        check_equal(found.get(key), record, f'record {key[0].hex()} {key[1].hex()}')
    blobs, expected_blobs = blob_files(ours), blob_files(pythons)
    for name, content in expected_blobs.items():
        check_equal(blobs.get(name), content, f'blob {name}')
    if is_same == 'true':
        # The last transaction stays, even if nothing is left of it.
        check_equal([tid for tid in order if tid != order[-1]], [tid for tid in expected_order if tid != order[-1]],
                    'transactions')
        check_equal(set(found), set(expected), 'records')
        check_equal(set(current), set(expected_current), 'objects')
        check_equal(set(blobs), set(expected_blobs), 'blobs')
    intact(ours)
    return {'records': len(found), 'more': len(set(found) - set(expected)), 'blobs': len(blobs)}


def intact(directory):
    """What fstest and fsrefs have to say, and that everything that the root leads to can be loaded."""
    path = os.path.join(directory, 'Data.fs')
    ZODB.scripts.fstest.check(path)
    db = DB(FileStorage(path, blob_dir=os.path.join(directory, 'blobs')))
    conn = db.open()
    seen = set()
    todo = [conn.root()._p_oid]
    while todo:
        oid = todo.pop()
        if oid in seen:
            continue
        seen.add(oid)
        try:
            data, _ = db.storage.load(oid, '')
        except POSKeyError:
            check(False, f'{oid.hex()} is referred to and does not exist')
        todo.extend(referencesf(data))
        obj = conn.get(oid)
        if isinstance(obj, Blob):
            with obj.open('r') as file:
                file.read()
    db.close()
    return {'objects': len(seen)}


# Under load

def setup(address, writers):
    db = open_db(address, blob_dir='setup-blobs')
    with db.transaction() as conn:
        for n in range(int(writers)):
            conn.root()[f'writer{n}'] = PersistentMapping(count=0, items=OOBTree(), blob=None)
        conn.root()['ballast'] = OOBTree({n: PersistentMapping(text='x' * 500, n=n) for n in range(20000)})
        conn.root()['doomed'] = OOBTree({n: PersistentMapping(text='y' * 500, n=n) for n in range(5000)})
    with db.transaction() as conn:
        del conn.root()['doomed']
    db.close()


def write(address, name):
    """Commits until the test says that it is enough. What it has noted as finished must be there for ever."""
    db, conn = None, None
    number = 0
    with open(name + '.journal', 'w') as journal:
        say('writing')
        while not os.path.exists('enough'):
            try:
                if conn is None:
                    db = DB(connect(address, blob_dir=name + '-blobs', wait_timeout=60))
                    conn = db.open()
                mine = conn.root()[name]
                number = mine['count'] + 1
                step(mine, number)
                check_items(mine, number)
                transaction.commit()
            except ConflictError:
                transaction.abort()
                continue
            except (ClientDisconnected, OSError):
                # A server that was started again gives the oids anew that were packed away, or not used, at the end. The
                # connection may still have an object with such an oid.
                transaction.abort()
                conn = db and db.close()
                time.sleep(0.05)
                continue
            journal.write(f'{number}\n')
            journal.flush()
    db.close()
    return {'transactions': number}


KEPT = 30


def step(mine, number):
    mine['count'] = number
    mine['items'][number] = PersistentMapping(number=number, child=MinPO(f'child {number}'))
    if number % 10 == 0:
        mine['blob'] = Blob(b'blob %d' % number)
    if number > KEPT:
        del mine['items'][number - KEPT]


def check_items(mine, number):
    """Old objects, which are in the cache or not, are what they were."""
    for key in (number, max(1, number - KEPT // 2), max(1, number - KEPT + 1)):
        check_equal(mine['items'][key]['number'], key, 'item')
        check_equal(mine['items'][key]['child'].value, f'child {key}', 'child')


def pack_on(address):
    """Packs again and again, whether the server lives or not."""
    packs = failures = 0
    storage = connect(address, wait_timeout=60)
    say('packing')
    while not os.path.exists('enough'):
        try:
            storage.pack(time.time(), True)
            packs += 1
        except (ClientDisconnected, OSError):
            failures += 1
            time.sleep(0.05)
        except ServerException as failure:
            check('Already packing' in str(failure) or 'being closed' in str(failure), f'{failure}')
            failures += 1
            time.sleep(0.05)
    storage.close()
    return {'packs': packs, 'failures': failures}


def left(directory, writers):
    """Whether what the writers have noted is there."""
    result = intact(directory)
    db = DB(FileStorage(os.path.join(directory, 'Data.fs'), blob_dir=os.path.join(directory, 'blobs')))
    root = db.open().root()
    total = 0
    for n in range(int(writers)):
        with open(f'writer{n}.journal') as journal:
            finished = int((journal.read().split() or ['0'])[-1])
        mine = root[f'writer{n}']
        check(finished <= mine['count'] <= finished + 1, f'writer{n}: {mine["count"]} (expected: {finished}, or one more)')
        count = mine['count']
        check_equal(list(mine['items']), list(range(max(1, count - KEPT + 1), count + 1)), f'items of writer{n}')
        for key, item in mine['items'].items():
            check_equal((item['number'], item['child'].value), (key, f'child {key}'), 'item')
        if count >= 10:
            with mine['blob'].open('r') as file:
                check_equal(file.read(), b'blob %d' % (count // 10 * 10), f'blob of writer{n}')
        total += count
    check_equal(len(root['ballast']), 20000, 'ballast')
    db.close()
    result['transactions'] = total
    return result


def full(address):
    """A pack that does not fit says what it needs; afterwards everything goes on."""
    db = open_db(address, blob_dir='full-blobs')
    with db.transaction() as conn:
        for n in range(12):
            conn.root()[n] = MinPO(os.urandom(1_000_000))
    with db.transaction() as conn:
        conn.root()[0].value = os.urandom(900_000)
    try:
        db.pack()
        check(False, 'the pack was not refused')
    except ServerException as failure:
        check('bytes needed to pack' in str(failure), f'{failure}')
    with db.transaction() as conn:
        conn.root()['after'] = MinPO('the refusal')
    with db.transaction() as conn:
        for n in range(1, 12):
            del conn.root()[n]
    db.pack()
    with db.transaction() as conn:
        check_equal(conn.root()['after'].value, 'the refusal', 'object')
        conn.root()['after'].value = 'the pack'  # The client is told the size when it commits.
    check(db.storage.getSize() < 2_000_000, f'size after the pack: {db.storage.getSize()}')
    db.close()


if __name__ == '__main__':
    sys.modules['pack'] = sys.modules['__main__']
    main(make, python_pack, copy, pack, compare, intact, setup, write, pack_on, left, full)
