"""Kills: what was finished is there afterwards, and nothing that was not.

A writer notes in its journal that it is about to call tpc_finish, and that it has returned. So after a kill each transaction is one
of three: finished, which must be there; not yet at tpc_finish, which must not be there; in between, which may be.
"""

import hashlib
import json
import os
import random
import sys

from ZEO.Exceptions import ClientDisconnected
from ZODB.blob import Blob
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError, POSKeyError, StorageError
from ZODB.scripts import fstest
from ZODB.serialize import ObjectWriter
from ZODB.utils import p64, z64

from scenario import check, check_equal, connect, fails, hear, main, new_directory, record, say
from zeowire import Wire

BLOB_RECORD = ObjectWriter().serialize(Blob())
MAX_BLOB = 400_000


def write(address, name, seed):
    """Commits until the test says that it is enough: a new object each time, now and then one that all share, or a blob."""
    rng = random.Random(f'{seed}/{name}')
    storage = connect(address, blob_dir=new_directory(name), wait_timeout=60)
    uploads = new_directory(name)
    with open(name + '.journal', 'w') as journal:
        say('writing')
        number = 0
        while not os.path.exists('enough'):
            number += 1
            commit(storage, journal, f'{name} {number}', rng, uploads)
    storage.close()
    return {'transactions': number}


def commit(storage, journal, label, rng, uploads):
    note = lambda *words: (journal.write(' '.join(words) + '\n'), journal.flush())  # noqa: E731
    txn = TransactionMetaData(b'', label.encode())
    data = record((label, 'x' * rng.randrange(20_000)))
    try:
        oid = storage.new_oid()
        storage.tpc_begin(txn)
        storage.store(oid, z64, data, '', txn)
        if rng.random() < 0.3:
            shared, serial = storage.load(z64)
            storage.store(z64, serial, record(label), '', txn)
        blob = blob_sha = '-'
        if rng.random() < 0.25:
            content = rng.randbytes(rng.randrange(MAX_BLOB))
            path = os.path.join(uploads, 'upload')
            with open(path, 'wb') as file:
                file.write(content)
            blob_oid = storage.new_oid()
            if blob_oid == oid:
                # An oid that the server gave before it was killed and nobody has used; it has given it again since.
                storage.tpc_abort(txn)
                return
            storage.storeBlob(blob_oid, z64, BLOB_RECORD, path, '', txn)
            blob, blob_sha = blob_oid.hex(), hashlib.sha256(content).hexdigest()
        if rng.random() < 0.1:
            storage.tpc_abort(txn)
            return
        storage.tpc_vote(txn)
        if rng.random() < 0.1:
            storage.tpc_abort(txn)
            return
        note('finishing', label)
        tid = storage.tpc_finish(txn)
        note('finished', label, tid.hex(), oid.hex(), hashlib.sha256(data).hexdigest(), blob, blob_sha)
    except ConflictError:
        storage.tpc_abort(txn)
    except (ClientDisconnected, StorageError) as error:
        print(label, type(error).__name__, error, file=sys.stderr)
        try:
            storage.tpc_abort(txn)
        except ClientDisconnected:
            pass


def setup(address):
    wire = Wire(address).handshake()
    wire.register()
    wire.commit(z64, z64, record('setup'))


def journals():
    """What the writers say: the finished transactions by their labels, and those of which they do not know."""
    finished, unknown = {}, set()
    for name in sorted(os.listdir('.')):
        if not name.endswith('.journal'):
            continue
        with open(name) as journal:
            for line in journal:
                words = line.split()
                label = ' '.join(words[1:3])
                if words[0] == 'finishing':
                    unknown.add(label)
                else:
                    unknown.discard(label)
                    finished[label] = words[3:]
    return finished, unknown


def served(address):
    """Whether the server, killed and started again, serves each finished transaction."""
    finished, unknown = journals()
    storage = connect(address, blob_dir=new_directory('served'))
    blobs = 0
    for label, (tid, oid, sha, blob, blob_sha) in finished.items():
        try:
            data = storage.loadSerial(bytes.fromhex(oid), bytes.fromhex(tid))
        except POSKeyError:
            check(False, f'{label}, finished as {tid}, is lost')
        check_equal(hashlib.sha256(data).hexdigest(), sha, f'record of {label}')
        if blob != '-':
            blobs += 1
            with open(storage.loadBlob(bytes.fromhex(blob), bytes.fromhex(tid)), 'rb') as file:
                check_equal(hashlib.sha256(file.read()).hexdigest(), blob_sha, f'blob of {label}')
    storage.close()
    return {'finished': len(finished), 'unknown': len(unknown), 'blobs': blobs}


def left(path, blobs):
    """Whether the file holds each finished transaction once, and none that was never at its end."""
    finished, unknown = journals()
    fstest.check(path)
    found = {}
    last = z64
    with_blobs = set()
    storage = FileStorage(path, blob_dir=blobs, read_only=True)
    for txn in storage.iterator():
        check(txn.tid > last, f'tid {txn.tid.hex()} after {last.hex()}')
        last = txn.tid
        label = txn.description.decode()
        check(label not in found, f'{label} is there twice')
        found[label] = txn.tid.hex()
        for revision in txn:
            if revision.data == BLOB_RECORD:
                with_blobs.add((revision.oid, revision.tid))
                check(os.path.getsize(storage.loadBlob(revision.oid, revision.tid)) <= MAX_BLOB, 'blob')
    found.pop('by hand')
    for label, words in finished.items():
        check_equal(found.get(label), words[0], f'tid of {label}')
    strangers = sorted(set(found) - set(finished) - unknown)
    check(not strangers, f'transactions that nobody finished: {strangers}')
    storage.close()
    return {'transactions': len(found), 'blobs': len(with_blobs), 'unknown_present': len(set(found) & unknown)}


def hold(address, oid):
    """Votes for a change of the object, and says so; then does nothing more."""
    wire, tid = voter(address, oid)
    check_equal(list(wire.call('vote', 1)), [], 'vote')
    say('voted')
    hear()


def want(address, oid):
    """Votes for a change of the same object, which somebody holds; says so; and must get it when the holder is gone."""
    wire, tid = voter(address, oid)
    vote = wire.ask('vote', 1)
    check_equal(wire.call('ping'), None, 'ping of a connection that waits for its vote')
    check_equal(wire.others, [], 'what came before the reply to the ping, sent after the vote')
    say('waiting')
    check_equal(list(wire.answer(vote)), [], 'vote, once the holder is gone')
    check(wire.call('tpc_finish', 1) > tid, 'tid')


def hold_until_closed(address, oid):
    """Votes, and does no more until the server ends."""
    wire, _ = voter(address, oid)
    check_equal(list(wire.call('vote', 1)), [], 'vote')
    say('voted')
    wire.await_close()


def want_until_closed(address, oid):
    """Waits for its vote, which the end of the server comes before."""
    wire, _ = voter(address, oid)
    wire.ask('vote', 1)
    check_equal(wire.call('ping'), None, 'ping of a connection that waits for its vote')
    say('waiting')
    wire.await_close()


def want_alone(address, oid):
    """Nobody holds the object, and nobody has changed it."""
    wire, tid = voter(address, oid)
    check_equal(list(wire.call('vote', 1)), [], 'vote')
    check(wire.call('tpc_finish', 1) > tid, 'tid')


def voter(address, oid):
    wire = Wire(address).handshake()
    wire.register()
    oid = p64(int(oid))
    tid = wire.call('getTid', oid)
    wire.begin(1)
    wire.tell('storea', oid, tid, record('changed'), 1)
    return wire, tid


def other_object(address, oid):
    """Somebody who wants another object than that which is held does not wait."""
    wire = Wire(address).handshake()
    wire.register()
    wire.commit(p64(int(oid)), z64, record('another'))


def timeout(address):
    """A client that votes and does no more is dropped after the transaction-timeout, and those who wait go on."""
    setup(address)
    holder, _ = voter(address, 0)
    check_equal(list(holder.call('vote', 1)), [], 'vote')
    waiting, _ = voter(address, 0)
    vote = waiting.ask('vote', 1)
    holder.await_close()
    check_equal(list(waiting.answer(vote)), [], 'vote after the timeout')
    waiting.call('tpc_finish', 1)


def full(address):
    """A disk of 24 MB: what does not fit is refused at the vote, with a reason, and what fits goes on."""
    storage = connect(address, blob_dir=new_directory('client-blobs'))
    kept = {}
    for n in range(5):
        kept[n] = store(storage, [p64(n)], 100_000)
    for attempt in range(3):
        error = refused(storage, [p64(1000 + n) for n in range(40)], 1_000_000)
        check('space' in str(error).lower(), f'the error: {error!r} (expected: to say that there is no space)')
        fails(POSKeyError, storage.load, p64(1000))
        kept[5 + attempt] = store(storage, [p64(5 + attempt)], 100_000)
    blob_refused(storage)
    kept[8] = store(storage, [p64(8)], 100_000)
    for n, tid in kept.items():
        check_equal(storage.load(p64(n)), (record('x' * 100_000), tid), f'object {n}')
    storage.close()
    with open('kept.json', 'w') as out:
        json.dump({str(n): tid.hex() for n, tid in kept.items()}, out)


def begun(storage, oids, size):
    txn = TransactionMetaData(b'', b'')
    storage.tpc_begin(txn)
    for oid in oids:
        storage.store(oid, z64, record('x' * size), '', txn)
    return txn


def store(storage, oids, size):
    txn = begun(storage, oids, size)
    storage.tpc_vote(txn)
    return storage.tpc_finish(txn)


def refused(storage, oids, size):
    txn = begun(storage, oids, size)
    try:
        storage.tpc_vote(txn)
    except ClientDisconnected:
        raise
    except StorageError as error:
        storage.tpc_abort(txn)
        return error
    check(False, 'a transaction that does not fit was voted for')


def blob_refused(storage):
    txn = begun(storage, [p64(2000)], 10)
    with open('upload', 'wb') as file:
        file.write(b'x' * 40_000_000)
    storage.storeBlob(p64(2001), z64, BLOB_RECORD, 'upload', '', txn)
    try:
        storage.tpc_vote(txn)
    except ClientDisconnected:
        raise
    except StorageError as error:
        check('space' in str(error).lower(), f'the error: {error!r} (expected: to say that there is no space)')
    else:
        check(False, 'a blob that does not fit was voted for')
    storage.tpc_abort(txn)


def kept(path):
    """After a stop: what was committed on the full disk."""
    fstest.check(path)
    storage = FileStorage(path, read_only=True)
    with open('kept.json') as file:
        for n, tid in json.load(file).items():
            check_equal(storage.load(p64(int(n)))[1].hex(), tid, f'serial of object {n}')
    check_equal(len(list(storage.iterator())), 9, 'transactions')
    storage.close()


if __name__ == '__main__':
    main(setup, write, served, left, hold, hold_until_closed, want, want_until_closed, want_alone, other_object, timeout, full, kept)
