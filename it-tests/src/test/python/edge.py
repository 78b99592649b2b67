"""Clients of a server in front of another one, and of one in front of that."""

import glob
import os
import random
import threading
import time

import transaction
from BTrees.Length import Length
from ZEO.Exceptions import ClientDisconnected
from ZODB.blob import Blob
from ZODB.POSException import ConflictError, ReadOnlyError

from scenario import (MinPO, Workers, await_until, check, check_equal, commit_with_retries, connect, fails, hear, main,
                      new_directory, open_db, say)

OBJECTS = 30
BLOB_BYTES = 1 << 20
BLOBS = 6
ARRIVING_BYTES = 3_000_000
TRANSFERS = 15
PIECES = 40
PIECE_BYTES = 100_000
WRITERS = 8
COMMITS = 40


class Client:
    """A connection whose transactions see all that was committed before, at whichever server."""

    def __init__(self, address, name):
        self.db = open_db(address, blob_dir=new_directory(name), server_sync=True)
        self.storage = self.db.storage
        self.manager = transaction.TransactionManager()
        self.root = self.db.open(self.manager).root()

    def begin(self):
        self.manager.begin()
        return self.root

    def commit(self):
        self.manager.commit()

    def value(self):
        return self.begin()['value'].value


def use(central, first, second):
    clients = [Client(central, 'central'), Client(first, 'first'), Client(second, 'second')]
    seen_by_all(clients)
    cached(clients[0], central, first)
    in_order(clients)
    conflicts(clients[1], clients[2])
    blobs(clients, first)
    history(clients)
    packed(clients)
    restart(clients, central, first)
    for client in clients:
        client.db.close()


def seen_by_all(clients):
    clients[0].begin()['value'] = MinPO(0)
    clients[0].commit()
    for number, writer in enumerate(clients):
        writer.begin()['value'].value = number
        writer.commit()
        for reader in clients:
            check_equal(reader.value(), number, f'{number} as {reader.storage.getName()} has it')


def cached(writer, central, first):
    """What one client of a server has read, another one reads without the server behind it."""
    root = writer.begin()
    for i in range(OBJECTS):
        root[f'object {i}'] = MinPO(i)
    writer.commit()
    status = connect(central)
    for attempt in 'first', 'second':
        before = status.server_status()['loads']
        db = open_db(first)
        with db.transaction() as conn:
            check_equal([conn.root()[f'object {i}'].value for i in range(OBJECTS)], list(range(OBJECTS)), 'objects')
        db.close()
        loads = status.server_status()['loads'] - before
        check(attempt == 'first' or loads == 0, f'{loads} loads by the second client (expected: none)')
    status.close()


def in_order(clients):
    """All move something from one object to the other; no one ever sees it in both, or in none."""
    root = clients[0].begin()
    root['a'], root['b'] = MinPO(0), MinPO(0)
    clients[0].commit()
    threads = [threading.Thread(target=transfer, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for client in readers(clients):
            root = client.begin()
            check_equal(root['a'].value + root['b'].value, 0, f'the sum at {client.storage.getName()}')
    for client in clients:
        check_equal(client.begin()['a'].value, TRANSFERS * len(clients), 'transfers')


def readers(clients):
    """Connections of their own in the databases of the writers."""
    for client in clients:
        if not hasattr(client, 'reader'):
            client.reader = Reader(client)
        yield client.reader


class Reader(Client):
    def __init__(self, client):
        self.storage = client.storage
        self.manager = transaction.TransactionManager()
        self.root = client.db.open(self.manager).root()


def transfer(client):
    manager = transaction.TransactionManager()
    root = client.db.open(manager).root()

    def move():
        root['a'].value += 1
        root['b'].value -= 1

    for _ in range(TRANSFERS):
        commit_with_retries(manager, move)


def conflicts(one, other):
    root = one.begin()
    root['length'] = Length(0)
    one.commit()
    one.begin()['length'].change(1)
    other.begin()['length'].change(10)
    other.commit()
    one.commit()
    check_equal(one.begin()['length'](), 11, 'two changes, resolved')

    one.begin()['value'].value = 'one'
    other.begin()['value'].value = 'other'
    other.commit()
    fails(ConflictError, one.commit)
    one.manager.abort()
    check_equal(one.value(), 'other', 'after the conflict')


def bytes_of(blob):
    with blob.open() as file:
        return file.read()


def blobs(clients, first):
    """Up through two servers, down at each, more of them than the caches hold."""
    contents = [bytes([i]) * (BLOB_BYTES + i) for i in range(BLOBS)]
    for i, content in enumerate(contents):
        clients[2].begin()[f'blob {i}'] = Blob(content)
        clients[2].commit()
    clients[2].begin()['empty'] = Blob(b'')
    clients[2].commit()
    for client in clients[:2]:
        root = client.begin()
        for i, content in enumerate(contents):
            check(bytes_of(root[f'blob {i}']) == content, f'blob {i} at {client.storage.getName()}')
        check_equal(bytes_of(root['empty']), b'', 'an empty blob')
    fresh = Client(first, 'fresh')
    check(bytes_of(fresh.begin()['blob 0']) == contents[0], 'a blob that the cache had to give up')
    fresh.db.close()


def transactions(storage):
    return [(txn.tid, txn.status, txn.user, txn.description, txn.extension,
             [(record.oid, record.tid, record.data, record.data_txn) for record in txn]) for txn in storage.iterator()]


def check_entries(found, expected, what):
    """Times are computed in different ways, and differ by less than some microseconds; one encoding makes lists tuples."""
    for one, other in zip(found, expected):
        check(abs(one.pop('time') - other.pop('time')) < 1e-5, f'time of {what}: {one} (expected: as of {other})')
    check_equal(list(found), list(expected), what)


def current(storage):
    found = []
    following = None
    while True:
        oid, tid, data, following = storage.record_iternext(following)
        found.append((oid, tid, data))
        if following is None:
            return found


def history(clients):
    central, _, far = clients
    far.manager.begin()
    far.root['value'].value = 'to be undone'
    far.manager.get().setUser('user', '/path')
    far.manager.get().note('a note')
    far.manager.get().setExtendedInfo('key', 'text')
    far.commit()
    log = far.storage.undoLog(0, 5)
    check_entries(log, central.storage.undoLog(0, 5), 'undo log')
    for first, last in ((0, -3), (1, -3), (-30, -20)):
        check_entries(far.storage.undoLog(first, last), central.storage.undoLog(first, last), f'undo log {first}, {last}')
    check_equal((log[0]['user_name'], log[0]['description'], log[0]['key']), (b'/path user', b'a note', 'text'), 'entry')
    wanted = {'user_name': b'/path user'}
    check_entries(far.storage.undoInfo(0, 5, wanted), central.storage.undoInfo(0, 5, wanted), 'found')
    oid = far.root['value']._p_oid
    check_entries(far.storage.history(oid, 10), central.storage.history(oid, 10), 'history')
    check_equal(far.storage.getTid(oid), central.storage.getTid(oid), 'serial')
    check_equal(transactions(far.storage), transactions(central.storage), 'transactions')
    check_equal(current(far.storage), current(central.storage), 'current records')

    far.db.undo(log[0]['id'], far.manager.get())
    far.commit()
    for client in clients:
        check_equal(client.value(), 'other', f'undone, at {client.storage.getName()}')
    oids = far.storage.new_oid(), central.storage.new_oid(), clients[1].storage.new_oid()
    check_equal(len(set(oids)), 3, 'different new oids')


def packed(clients):
    before = len(list(clients[0].storage.iterator()))
    clients[2].storage.pack(time.time(), lambda pickle, oids=None: [], wait=True)
    after = len(list(clients[2].storage.iterator()))
    check(after < before, f'{after} transactions after the pack (expected: less than {before})')
    check_equal(clients[1].value(), 'other', 'after the pack')


def restart(clients, central, first):
    """The caches go on while the server behind them is away; what was committed before anybody is back is seen."""
    check_equal([client.value() for client in clients], ['other'] * 3, 'before')
    say('kill')
    hear()
    late = open_db(first)
    check_equal(late.open().root()['value'].value, 'other', 'from the cache, to a client that came late')
    late.close()
    writer = threading.Thread(target=commit_meanwhile, args=(clients[2],))
    writer.start()
    say('start again')
    hear()
    back = open_db(central)
    with back.transaction() as conn:
        conn.root()['value'].value = 'new'
    back.close()
    writer.join()
    for client in clients:
        await_until(lambda: seen(client) == ('new', 1), f'what was committed, at {client.storage.getName()}')
    seen_by_all(clients)


def seen(client):
    try:
        root = client.begin()
        return root['value'].value, root['meanwhile'].value
    except transaction.interfaces.TransientError:
        return None


def commit_meanwhile(client):
    """While it has no server, a client cannot even begin."""
    manager = transaction.TransactionManager()
    root = client.db.open(manager).root()
    while True:
        try:
            manager.begin()
            root['meanwhile'] = MinPO(1)
            manager.commit()
            return
        except transaction.interfaces.TransientError:
            manager.abort()


def early(address):
    say('connecting')
    client = Client(address, 'early')
    client.begin()['value'] = MinPO('early')
    client.commit()
    check_equal(client.value(), 'early', 'value')
    client.db.close()


def eight(address):
    """Each process reads all blobs; what the first one has read is there for the others, even without the server behind."""
    client = Client(address, 'writer')
    for i in range(BLOBS):
        client.begin()[f'blob {i}'] = Blob(bytes([i]) * BLOB_BYTES)
        client.commit()
    client.db.close()
    read_blobs(address, 'one')
    say('kill')
    hear()
    workers = Workers()
    for number in range(8):
        workers.start(read_blobs, address, f'process {number}')
    workers.join()


def read_blobs(address, name):
    db = open_db(address, blob_dir=new_directory(name), blob_cache_size=BLOB_BYTES)
    with db.transaction() as conn:
        for i in range(BLOBS):
            check(bytes_of(conn.root()[f'blob {i}']) == bytes([i]) * BLOB_BYTES, f'blob {i} in {name}')
    db.close()


def fill(address):
    db = open_db(address)
    with db.transaction() as conn:
        for i in range(OBJECTS):
            conn.root()[f'object {i}'] = MinPO(i)
    db.close()


def again(central, address):
    """What was there when the server in front ended is there again, and is not asked for."""
    status = connect(central)
    before = status.server_status()['loads']
    db = open_db(address)
    with db.transaction() as conn:
        check_equal([conn.root()[f'object {i}'].value for i in range(OBJECTS)], list(range(OBJECTS)), 'objects')
        conn.root()['object 0'].value = 'new'
    db.close()
    check_equal(status.server_status()['loads'] - before, 0, 'loads')
    status.close()


def fall_back(address):
    """Reads while the server in front has only a read-only one behind it, and writes as soon as there is another one."""
    db = open_db(address, read_only_fallback=True)
    with db.transaction() as conn:
        check_equal(conn.root()['object 1'].value, 1, 'from the read-only server')
    fails(ReadOnlyError, write, db)
    say('start')
    hear()
    await_until(lambda: can_write(db), 'a commit')
    db.close()


def write(db):
    with db.transaction() as conn:
        conn.root()['object 1'].value = 'written'


def can_write(db):
    try:
        write(db)
        return True
    except (ReadOnlyError, transaction.interfaces.TransientError):
        return False


def written(address):
    db = open_db(address)
    check_equal(db.open().root()['object 1'].value, 'written', 'what was written through the server in front')
    db.close()


def arriving(central, address):
    """Two clients get a blob that comes to the server in front of them when the Java test lets it."""
    content = random.Random(1).randbytes(ARRIVING_BYTES)
    writer = Client(central, 'writer')
    writer.begin()['arriving'] = Blob(content)
    writer.commit()
    readers = [Client(address, name) for name in ('first', 'second')]
    blobs = [reader.begin()['arriving'] for reader in readers]
    say('ready')
    hear()
    found = {}

    def read(name, blob):
        while True:
            try:
                found[name] = bytes_of(blob)
                return
            except ClientDisconnected:
                say('disconnected')

    threads = [threading.Thread(target=read, args=pair, daemon=True) for pair in enumerate(blobs)]
    for thread in threads:
        thread.start()
    for reader in readers:
        await_until(lambda: begun(reader), 'no byte of the blob before the last one')
    check_equal(found, {}, 'readers that have all of the blob')
    say('begun')
    hear()
    for number, thread in enumerate(threads):
        thread.join(60)
        check(found.get(number) == content, f'the blob at reader {number}: {len(found.get(number, ()))} bytes')
    latecomer = Client(address, 'latecomer')
    check(bytes_of(latecomer.begin()['arriving']) == content, 'the blob at a later client')
    for client in [writer, latecomer, *readers]:
        client.db.close()


def begun(reader):
    """Whether Python's client has some of a blob, in the file that it renames at the end."""
    parts = glob.glob(f'{reader.storage.fshelper.base_dir}/*/*.dl')
    return any(os.path.getsize(part) > 0 for part in parts)


def shared(central, address, directory):
    """Up and down at either server; the files are where the other one has them, and nowhere else."""
    clients = [Client(central, 'central'), Client(address, 'in front')]
    for number, writer in enumerate(clients):
        writer.begin()['blob'] = Blob(bytes([number]) * BLOB_BYTES)
        writer.commit()
        for reader in clients:
            check(bytes_of(reader.begin()['blob']) == bytes([number]) * BLOB_BYTES, f'blob at {reader.storage.getName()}')
    found = [name for _, _, names in os.walk(f'{directory}/blobs') for name in names if not name.startswith('.')]
    check_equal(len(found), 2, f'files in the directory of both: {found}')
    for client in clients:
        client.db.close()


def whole(central, address):
    """What is stored behind a blob is in the transaction too, whichever thread of a busy server is late."""
    seer = Client(central, 'central')
    root = seer.begin()
    for name in range(WRITERS):
        root[f'of {name}'] = MinPO(None)
        root[f'blob of {name}'] = Blob()
    seer.commit()
    workers = Workers()
    for name in range(WRITERS):
        workers.start(write_behind_blobs, address, name)
    workers.join()
    root = seer.begin()
    for name in range(WRITERS):
        check_equal(root[f'of {name}'].value, COMMITS - 1, f'the last number of {name}')
        check_equal(bytes_of(root[f'blob of {name}']), b'%d' % (COMMITS - 1), f'the last blob of {name}')
    records = {}
    for entry in seer.storage.iterator():
        stored = [record.oid for record in entry]
        for name in range(WRITERS):
            written = (root[f'blob of {name}']._p_oid in stored, root[f'of {name}']._p_oid in stored)
            records[written] = records.get(written, 0) + 1
    check_equal({written for written in records if any(written)}, {(True, True)}, f'pairs of records: {records}')
    seer.db.close()


def write_behind_blobs(address, name):
    client = Client(address, f'writer-{name}')
    for number in range(COMMITS):
        root = client.begin()
        with root[f'blob of {name}'].open('w') as file:
            file.write(b'%d' % number)
        root[f'of {name}'].value = number
        client.commit()
    client.db.close()


def many_large(central, address):
    """More in half a minute than the server in front has memory."""
    client = Client(address, 'writer')
    client.begin()['large'] = [MinPO(None) for _ in range(PIECES)]
    client.commit()
    for number in range(60):
        for piece in client.begin()['large']:
            piece.value = bytes([number]) * PIECE_BYTES
        client.commit()
    seer = Client(central, 'central')
    check(all(piece.value == bytes([59]) * PIECE_BYTES for piece in seer.begin()['large']), 'the last ones')
    for one in client, seer:
        one.db.close()


if __name__ == '__main__':
    main(use, early, eight, fill, again, fall_back, written, arriving, shared, whole, many_large)
