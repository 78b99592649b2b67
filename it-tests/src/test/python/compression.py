"""Clients that compress their records, as zc.zlibstorage does it."""

import json
import subprocess

import ZODB
from BTrees.Length import Length
from persistent.mapping import PersistentMapping
from transaction import TransactionManager
from zc.zlibstorage import ZlibStorage
from ZODB.blob import Blob
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError

from scenario import check, check_equal, connect, fails, main, new_directory

OBJECTS = 20


def open_compressed(address):
    return ZODB.DB(ZlibStorage(connect(address, blob_dir=new_directory('blobs'))))


def fill(address):
    """A chain of objects, each of which only the one before it refers to, blobs, and garbage of both."""
    db = open_compressed(address)
    with db.transaction() as conn:
        last = conn.root()
        for n in range(OBJECTS):
            last['next'] = PersistentMapping(text=f'object {n} ' * 100)
            last = last['next']
        last['blob'] = Blob(b'kept ' * 1000)
        conn.root()['length'] = Length()
        conn.root()['garbage'] = PersistentMapping(text='garbage ' * 100, blob=Blob(b'garbage'),
                                                   child=PersistentMapping(text='more ' * 100))
        garbage = conn.root()['garbage']
    oids = [garbage._p_oid, garbage['child']._p_oid, garbage['blob']._p_oid]
    with db.transaction() as conn:
        conn.root()['next']['text'] = 'object 0 ' * 100
        del conn.root()['garbage']
    db.close()
    return {'garbage': ' '.join(oid.hex() for oid in oids)}


def pack(address, garbage):
    """Everything that can be reached is there before and after, and only that."""
    db = open_compressed(address)
    read(db)
    resolve_conflict(db)
    db.pack()
    db.cacheMinimize()
    for oid in garbage.split():
        fails(POSKeyError, db.storage.base.loadBefore, bytes.fromhex(oid), b'\x7f' + b'\xff' * 7)
    db.close()
    fresh = open_compressed(address)
    read(fresh)
    fresh.close()


def read(db):
    with db.transaction() as conn:
        last = conn.root()
        for n in range(OBJECTS):
            last = last['next']
            check_equal(last['text'], f'object {n} ' * 100, f'object {n}')
        with last['blob'].open() as blob:
            check_equal(blob.read(), b'kept ' * 1000, 'the blob')


def resolve_conflict(db):
    one, other = TransactionManager(), TransactionManager()
    here, there = db.open(one).root()['length'], db.open(other).root()['length']
    here.change(2)
    there.change(3)
    one.commit()
    other.commit()
    one.begin()
    check_equal(here(), 5, 'a conflict that was resolved')


def inspect(path, blobs, garbage, launcher):
    """The file as Python sees it, and as the tools do."""
    storage = FileStorage(path, read_only=True)
    compressed = plain = 0
    for txn in storage.iterator():
        for record in txn:
            check(record.oid.hex() not in garbage.split(), f'{record.oid.hex()} is there')
            compressed += record.data[:2] == b'.z'
            plain += record.data[:2] != b'.z'
    storage.close()
    check(plain > 0, 'nothing was too short to be compressed')
    result = json.loads(run(launcher, 'check', path, '--blob-dir', blobs, '--json'))
    check_equal(result['problems'], [], 'what check finds')
    check_equal(result['blobs'], 1, 'blobs')
    check(result['references'] >= OBJECTS, f'{result["references"]} references')
    classes = {record['class'] for line in run(launcher, 'dump', path, '--json').splitlines()
               for record in json.loads(line)['records']}
    check_equal(classes, {'persistent.mapping.PersistentMapping', 'BTrees.Length.Length', 'ZODB.blob.Blob'}, 'classes')
    return {'compressed': compressed}


def run(launcher, *arguments):
    done = subprocess.run([launcher, *arguments], capture_output=True, text=True, timeout=300)
    check(done.returncode == 0, f'{arguments}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr}')
    return done.stdout


if __name__ == '__main__':
    main(fill, pack, inspect)
