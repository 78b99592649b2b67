"""A graph of dicts, lists and references, made and changed by Python and by Java in turn."""

import datetime

from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from ZODB.blob import Blob
from ZODB.utils import u64

from scenario import check_equal, main, new_directory, open_db


def make(address):
    db = open_db(address, blob_dir=new_directory('blobs'))
    with db.transaction() as conn:
        root = conn.root()
        root['numbers'] = PersistentList([1, 2, 3])
        root['about'] = PersistentMapping(title='Über', when=datetime.datetime(2024, 5, 6, 7, 8, 9, 10), nothing=None)
        root['about']['numbers'] = root['numbers']
        root['plain'] = {'nested': [1.5, (True, b'bytes')], 'list': root['numbers']}
        root['blob'] = blob = Blob()
        with blob.open('w') as file:
            file.write(b'from Python')
    conn = db.open()
    oids = {name: u64(conn.root()[name]._p_oid) for name in ('numbers', 'about', 'blob')}
    db.close()
    return oids


def change(address):
    """Opens what Java has written, compares all of it, and changes it."""
    db = open_db(address, blob_dir=new_directory('blobs'))
    with db.transaction() as conn:
        root = conn.root()
        java = root['java']
        check_equal(type(java), PersistentMapping, 'class')
        check_equal(java['text'], 'grüße \U0001f600', 'text')
        check_equal(java['numbers'], [1, -1, 2 ** 40, 2 ** 70, 1.5], 'numbers')
        check_equal(java['nothing'], None, 'None')
        check_equal(java['bytes'], b'\x00\xff', 'bytes')
        check_equal(java['dict'], {'a': {'b': []}, 5: 'five'}, 'dict')
        check_equal(type(java['child']), PersistentList, 'class of the child')
        check_equal(list(java['child'])[:2], ['one', 'two'], 'child')
        check_equal(java['child'][2] is root['numbers'], True, 'reference to an object of Python')
        check_equal(java['child'][2] is java['again'], True, 'the same object')
        check_equal(list(root['numbers']), [1, 2, 3, 4], 'numbers, changed by Java')
        with java['blob'].open() as file:
            check_equal(file.read(), b'from Java', 'blob')
        java['child'].append('three')
        root['numbers'].append(5)
        java['python'] = PersistentMapping(was='here')
    db.close()


if __name__ == '__main__':
    main(make, change)
