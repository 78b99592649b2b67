"""What a client learns of the commits of others: in order, whole, and after it was away."""

import os
import random

import transaction
import ZODB.event
from ZEO.interfaces import StaleCache

from scenario import (MinPO, Workers, await_until, check, check_equal, commit_with_retries, connect, hear, main,
                      multiprocessing, open_db, say)

OBJECTS = 10


def order(address, commits):
    """Writers give several objects one number in each transaction; watchers must find them equal and rising."""
    db = open_db(address)
    with db.transaction() as conn:
        for n in range(OBJECTS):
            conn.root()[f'same {n}'] = MinPO(0)
        conn.root()['mine'] = {n: MinPO(0) for n in range(4)}
    db.close()
    ended = multiprocessing.Event()
    writers, watchers = Workers(), Workers()
    for n in range(4):
        watchers.start(watch, address, n, ended)
    for n in range(2):
        writers.start(write, address, n, int(commits))
    writers.join()
    ended.set()
    seen = watchers.join()
    check(min(seen) > 0, f'transactions seen: {seen}')
    return {'seen': min(seen)}


def write(address, number, commits):
    db = open_db(address)
    manager = transaction.TransactionManager()
    root = db.open(manager).root()

    def change():
        value = root['same 0'].value + 1
        for n in range(OBJECTS):
            root[f'same {n}'].value = value

    for _ in range(commits):
        commit_with_retries(manager, change)
    db.close()


def watch(address, number, ended):
    """Looks at the objects in a random order, and commits now and then, so that its own tids are among the others'."""
    rng = random.Random(number)
    storage = connect(address)
    told = []
    tell = storage.invalidateTransaction

    def invalidate(tid, oids):
        check(not told or tid > told[-1], f'invalidation of {tid.hex()} after that of {told and told[-1].hex()}')
        told.append(tid)
        tell(tid, oids)

    # That its own tids rise together with the others' the client itself sees to, and rejects the message.
    storage.invalidateTransaction = invalidate
    db = ZODB.DB(storage)
    manager = transaction.TransactionManager()
    root = db.open(manager).root()
    own = 0
    last = 0
    while True:
        enough = ended.is_set()
        manager.begin()
        order = rng.sample(range(OBJECTS), OBJECTS)
        values = [root[f'same {n}'].value for n in order]
        check(len(set(values)) == 1, f'a mix: {dict(zip(order, values))}')
        check(values[0] >= last, f'{values[0]} after {last}')
        last = values[0]
        if rng.random() < 0.2:
            root['mine'][number].value += 1
            manager.commit()
            own += 1
        if enough:
            break
    check(own > 0, 'no own commits')
    db.close()
    return len(told)


def away(address, name):
    """A client with a cache file, which is told when to leave and when to come back."""
    fill(address)
    cached(address, name)
    say('away')
    while True:
        word, changes = hear().split()
        if word == 'end':
            break
        before = values(address)
        changed = change(address, int(changes))
        stale = verify(address, name, changed, before)
        check_equal(stale, word == 'stale', f'cache dropped after {changes} transactions')
        say('verified')


def fill(address):
    db = open_db(address)
    with db.transaction() as conn:
        for n in range(OBJECTS):
            conn.root()[f'object {n}'] = MinPO(0)
    db.close()


def values(address):
    db = open_db(address)
    root = db.open().root()
    result = {n: root[f'object {n}'].value for n in range(OBJECTS)}
    db.close()
    return result


def cached(address, name):
    db = open_db(address, client=name, var=os.getcwd())
    conn = db.open()
    for n in range(OBJECTS):
        conn.root()[f'object {n}']._p_activate()
    db.close()


def change(address, transactions):
    """So many transactions of another client; which objects they changed."""
    db = open_db(address)
    changed = set()
    for n in range(transactions):
        with db.transaction() as conn:
            conn.root()[f'object {n % 3}'].value += 1
            changed.add(n % 3)
    db.close()
    return changed


def verify(address, name, changed, before):
    """Opens the cache file again; whether all of it was dropped. What it gives must be right in any case."""
    events = []
    ZODB.event.notify = events.append
    storage = connect(address, client=name, var=os.getcwd())
    db = ZODB.DB(storage)
    conn = db.open()
    root = conn.root()
    stale = any(isinstance(happened, StaleCache) for happened in events)
    oids = {n: root[f'object {n}']._p_oid for n in range(OBJECTS)}
    for n, oid in oids.items():
        in_cache = storage._cache.load(oid) is not None
        if not stale:
            check_equal(in_cache, n not in changed, f'object {n} is in the cache after verification')
        elif in_cache:
            check(False, f'object {n} is in a cache that was dropped')
    for n in range(OBJECTS):
        check(root[f'object {n}'].value >= before[n] + (n in changed), f'object {n} is stale')
    check_equal({n: root[f'object {n}'].value for n in range(OBJECTS)}, values(address), 'values')
    db.close()
    return stale


def reconnect(address):
    """A client that stays open while the server is away and another client was quicker to come back."""
    db = open_db(address)
    with db.transaction() as conn:
        conn.root()['value'] = MinPO(0)
    manager = transaction.TransactionManager()
    root = db.open(manager).root()
    value = 0
    say('ready')
    while hear() == 'restarted':
        other = open_db(address)
        value += 1
        with other.transaction() as conn:
            conn.root()['value'].value = value
        tid = other.lastTransaction()
        other.close()
        await_until(lambda: db.storage.is_connected() and db.lastTransaction() >= tid, 'the client is back and has heard')
        manager.begin()
        check_equal(root['value'].value, value, 'value after reconnecting')
        check_equal(db.storage.load(root['value']._p_oid)[1], tid, 'serial after reconnecting')
        say('seen')
    db.close()


if __name__ == '__main__':
    main(order, away, reconnect)
