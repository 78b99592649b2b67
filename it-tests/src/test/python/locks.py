"""Python's side of the lock on a Data.fs."""

import os

from zc.lockfile import LockError
from ZODB.FileStorage import FileStorage

from scenario import fails, hear, main, say


def refused(path):
    fails(LockError, FileStorage, path)


def granted(path):
    FileStorage(path).close()


def held(path):
    storage = FileStorage(path)
    say(f'held {os.getpid()}')
    hear()
    storage.close()


if __name__ == '__main__':
    main(refused, granted, held)
