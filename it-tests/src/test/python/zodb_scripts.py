"""The scripts that come with ZODB, on files of a server: checks, a backup while it commits, and the rescue of a damaged copy."""

import os
import shutil
import subprocess
import sys
import threading
import time

import ZODB
from BTrees.OOBTree import OOBTree
from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.FileStorage import FileIterator

from scenario import MinPO, await_until, check, check_equal, connect, hear, main, open_db, say


def script(name, *arguments):
    """What a script of ZODB prints; it must end well."""
    done = subprocess.run([sys.executable, '-m', name, *arguments], capture_output=True, text=True)
    check_equal(done.returncode, 0, f'exit code of {name} {arguments}, which says {done.stdout} {done.stderr}')
    return done.stdout + done.stderr


def commit(address):
    """Commits until it is told to stop. The same number is in two objects, and as often in a tree."""
    db = open_db(address)
    with db.transaction() as conn:
        root = conn.root()
        root['left'] = MinPO(0)
        root['right'] = MinPO(0)
        root['tree'] = OOBTree()
    stopped = threading.Event()
    threading.Thread(target=lambda: (hear(), stopped.set()), daemon=True).start()
    number = 0
    while not stopped.is_set():
        number += 1
        with db.transaction() as conn:
            root = conn.root()
            root['left'].value = root['right'].value = number
            root['tree'][f'{number:06}'] = MinPO(number)
        if number % 50 == 0:
            say(f'committed {number}')
    db.close()
    return {'commits': number}


def backup(data_file, repository):
    """A full backup into an empty repository, otherwise an incremental one; repozo decides."""
    os.makedirs(repository, exist_ok=True)
    before = os.listdir(repository)
    # repozo names a backup by the second in which it is made.
    await_until(lambda: all(time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime()) not in name for name in before), 'the next second')
    script('ZODB.scripts.repozo', '--backup', '--repository', repository, '--file', data_file)
    made = [name for name in os.listdir(repository) if name not in before and name.endswith(('.fs', '.deltafs'))]
    check_equal(len(made), 1, f'backups {made}')
    return {'kind': made[0].rsplit('.', 1)[1], 'bytes': os.path.getsize(os.path.join(repository, made[0]))}


def recover(repository, data_file, output):
    """What is recovered is the beginning of the data file, and a state between two transactions."""
    script('ZODB.scripts.repozo', '--verify', '--repository', repository)
    script('ZODB.scripts.repozo', '--recover', '--with-verify', '--repository', repository, '--output', output)
    script('ZODB.scripts.fstest', output)
    size = os.path.getsize(output)
    with open(output, 'rb') as recovered, open(data_file, 'rb') as original:
        check(recovered.read() == original.read(size), 'the backup differs from the data file')
    db = ZODB.DB(FileStorage(output, read_only=True))
    with db.transaction() as conn:
        root = conn.root()
        number = root['left'].value
        check_equal(root['right'].value, number, 'the second object of the last transaction')
        check_equal(list(root['tree']), [f'{n:06}' for n in range(1, number + 1)], 'keys of the tree')
    db.close()
    os.remove(output)
    return {'commits': number, 'bytes': size}


def fill(address):
    """A tree of several levels, and some revisions of a few objects. No blobs: checkbtrees opens the file without."""
    db = open_db(address)
    for revision in range(5):
        with db.transaction() as conn:
            root = conn.root()
            tree = root.setdefault('tree', OOBTree())
            for n in range(revision * 400, revision * 400 + 500):
                tree[f'{n:06}'] = MinPO(n)
            root['often'] = MinPO(revision)
    db.close()


def inspect(data_file):
    """What the checking scripts say of a file that nobody has open."""
    check_equal(script('ZODB.scripts.fstest', data_file), '', 'what fstest says')
    check_equal(script('ZODB.scripts.fsrefs', data_file), '', 'what fsrefs says')
    trees = script('ZODB.scripts.checkbtrees', data_file)
    check('*****' not in trees, f'checkbtrees: {trees}')
    total, found = trees.splitlines()[-1].split()[1::2]
    # It counts the root, the tree, its 2100 values and the last object of many revisions, and not the nodes of the tree.
    check_equal(int(found), 2103, 'objects that checkbtrees has found')
    transactions = contents(data_file)
    of_root = sum(oid == bytes(8) for records in transactions.values() for oid, _ in records)
    trace = script('ZODB.scripts.fsoids', data_file, '0x0').splitlines()
    check_equal(trace[0], f'oid 0x00 persistent.mapping.PersistentMapping {of_root} revisions', 'what fsoids begins with')
    check_equal(sum(line.startswith('        new revision') for line in trace), of_root, 'revisions that fsoids lists')
    return {'transactions': len(transactions), 'objects': int(total)}


def rescue(data_file, damaged, rescued):
    """fsrecover saves all transactions of a damaged copy but the one that the damage is in."""
    shutil.copy(data_file, damaged)
    transactions = contents(data_file)
    victim = list(FileIterator(data_file))[len(transactions) // 2]
    with open(damaged, 'r+b') as file:
        file.seek(victim._tpos)
        file.write(bytes(200))
    said = script('ZODB.fsrecover', damaged, rescued)
    check('bytes removed during recovery' in said, f'fsrecover: {said}')
    del transactions[victim.tid]
    check_equal(contents(rescued), transactions, 'what fsrecover has saved')
    script('ZODB.scripts.fstest', rescued)
    return {'transactions': len(transactions)}


def contents(data_file):
    return {txn.tid: [(record.oid, record.data) for record in txn] for txn in FileIterator(data_file)}


def compare(address, data_file):
    """A server says the same as Python of the newest revision of each object in a file."""
    newest = {record.oid: record for txn in FileIterator(data_file) for record in txn}
    storage = connect(address)
    for oid, record in newest.items():
        check_equal(storage.load(oid), (record.data, record.tid), f'object {oid.hex()}')
    storage.close()
    return {'objects': len(newest)}


if __name__ == '__main__':
    main(commit, backup, recover, fill, inspect, rescue, compare)
