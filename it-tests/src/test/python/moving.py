"""Blobs that move between the blob directory and a bucket while clients use them."""

import hashlib
import random
import threading

from ZODB.blob import Blob

from scenario import DEADLINE, Workers, await_until, check, check_equal, hear, main, new_directory, open_db, say

SMALL, LARGE = 2_000, 300_000


def size(number):
    return LARGE + number * 1000 if number % 10 == 0 else SMALL + number


def content(number, revision):
    return random.Random(number * 1000 + revision).randbytes(size(number))


def digest(data):
    return hashlib.sha256(data).hexdigest()


def write(address, first, count, revision='0'):
    """Blobs with the numbers from the first on, some of them large, a few to a transaction."""
    db = open_db(address, blob_dir=new_directory('writer'))
    numbers = range(int(first), int(first) + int(count))
    for start in range(0, len(numbers), 20):
        with db.transaction() as conn:
            root = conn.root()
            for number in numbers[start:start + 20]:
                key = f'blob {number}'
                if key not in root:
                    root[key] = Blob()
                with root[key].open('w') as file:
                    file.write(content(number, int(revision)))
    db.close()


def read_once(address, first, count, revision):
    """Every blob has its bytes, for a client that has none of them."""
    db = open_db(address, blob_dir=new_directory('reader'))
    root = db.open().root()
    for number in range(first, first + count):
        with root[f'blob {number}'].open() as file:
            check_equal(digest(file.read()), digest(content(number, revision)), f'blob {number}')
    db.close()


def read(address, first, count, revision='0'):
    read_once(address, int(first), int(count), int(revision))


def read_at_once(address, first, count, clients):
    """Several clients read all of them side by side."""
    workers = Workers()
    for _ in range(int(clients)):
        workers.start(read_once, address, int(first), int(count), 0)
    workers.join()


def read_on(address, count):
    """Reads all of them again and again until told to stop, each time with an empty cache, while others commit."""
    stop = threading.Event()
    failures = []
    rounds = [0, 0]

    def readers(which):
        try:
            while not stop.is_set():
                read_once(address, 0, int(count), 0)
                rounds[which] += 1
        except Exception as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=readers, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    say('reading')
    hear()
    seen = list(rounds)
    # What they read from here on has been moved to where it is now.
    await_until(lambda: failures or all(now > before + 1 for now, before in zip(rounds, seen)),
                'two more rounds', 3 * DEADLINE)
    stop.set()
    for thread in threads:
        thread.join()
    check(not failures, failures)
    return {'rounds': min(rounds)}


if __name__ == '__main__':
    main(write, read, read_at_once, read_on)
