"""Several storages of one server: they are separate, and counted apart."""

from scenario import MinPO, check_equal, connect, main, open_db


def separate(address, *names):
    for number, name in enumerate(names):
        db = open_db(address, name)
        for _ in range(number + 1):
            with db.transaction() as conn:
                conn.root()['object'] = MinPO(name)
        db.close()
    for number, name in enumerate(names):
        db = open_db(address, name)
        check_equal(db.open().root()['object'].value, name, 'object')
        db.close()
        storage = connect(address, name)
        # The root of a new database is a commit of its own.
        check_equal(storage.server_status()['commits'], number + 2, f'commits of {name}')
        storage.close()


if __name__ == '__main__':
    main(separate)
