"""Transfers between accounts by many writers, while readers look whether the books are right in what they see.

Three kinds of objects meet: accounts, where two transfers that touch the same one conflict for good; a BTrees.Length that every
transaction changes, whose conflicts can be resolved; and a PersistentMapping that some change and nobody can resolve. Each writer
also has a counter of its own, changed in the same transactions as the Length, so in every snapshot the Length must be the sum
of the counters.
"""

import random

import transaction
from BTrees.Length import Length
from persistent.mapping import PersistentMapping

from scenario import (MinPO, Workers, check, check_equal, commit_with_retries, main, multiprocessing, open_db)

ACCOUNTS = 40
START = 1000
WRITERS = 8
READERS = 2


def setup(address):
    db = open_db(address)
    with db.transaction() as conn:
        root = conn.root()
        root['accounts'] = PersistentMapping({n: MinPO(START) for n in range(ACCOUNTS)})
        root['commits'] = Length()
        root['ledger'] = PersistentMapping()
        root['counters'] = PersistentMapping({n: MinPO(0) for n in range(WRITERS)})
    db.close()


def writer(address, number, commits, seed):
    rng = random.Random(f'{seed}/{number}')
    db = open_db(address)
    manager = transaction.TransactionManager()
    root = db.open(manager).root()
    conflicts = 0
    last = b''

    def transfer():
        source, target = rng.sample(range(ACCOUNTS), 2)
        amount = rng.randrange(1, 100)
        root['accounts'][source].value -= amount
        root['accounts'][target].value += amount
        root['commits'].change(1)
        root['counters'][number].value += 1
        if rng.random() < 0.2:
            root['ledger'][number] = (source, target, amount)

    for _ in range(commits):
        conflicts += commit_with_retries(manager, transfer)
        tid = root['counters'][number]._p_serial
        check(tid > last, f'writer {number}: tid {tid.hex()} after {last.hex()} (expected: a later one)')
        last = tid
    db.close()
    return conflicts


def reader(address, ended):
    db = open_db(address)
    manager = transaction.TransactionManager()
    root = db.open(manager).root()
    snapshots = 0
    last = 0
    while True:
        enough = ended.is_set()
        manager.begin()
        # The objects are read again only when they were invalidated, so a missed invalidation shows as a wrong sum.
        commits = audit(root)
        check(commits >= last, f'commits: {commits} after {last}')
        last = commits
        snapshots += 1
        if enough:
            break
    db.close()
    return snapshots


def audit(root):
    total = sum(account.value for account in root['accounts'].values())
    check_equal(total, ACCOUNTS * START, 'sum of all accounts')
    commits = root['commits']()
    check_equal(sum(counter.value for counter in root['counters'].values()), commits, 'sum of the counters')
    return commits


def bank(address, commits_each, seed):
    setup(address)
    ended = multiprocessing.Event()
    writers, readers = Workers(), Workers()
    for _ in range(READERS):
        readers.start(reader, address, ended)
    for number in range(WRITERS):
        writers.start(writer, address, number, int(commits_each), seed)
    conflicts = sum(writers.join())
    ended.set()
    snapshots = sum(readers.join())
    db = open_db(address)
    commits = audit(db.open().root())
    db.close()
    check_equal(commits, WRITERS * int(commits_each), 'commits')
    check(conflicts > 0, 'no conflicts at all: nothing was tried')
    check(snapshots > READERS, 'the readers saw nothing')
    return {'commits': commits, 'conflicts': conflicts, 'snapshots': snapshots}


if __name__ == '__main__':
    main(bank)
