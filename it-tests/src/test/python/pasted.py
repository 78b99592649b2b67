"""The lines that a server prints for its users, taken at their word."""

import re

import ZODB.config
import ZODB.Connection

from scenario import check, check_equal, main


def session(output):
    """Runs the <zeoclient> text and the Python lines that the output holds."""
    with open(output) as file:
        lines = [re.sub(r'^\s*(>>> |\.\.\. )?', '', line.rstrip()) for line in file]
    text = '\n'.join(lines)

    zeoclient = re.search(r'<zeoclient.*?</zeoclient>', text, re.DOTALL)
    check(zeoclient, f'no <zeoclient> in:\n{text}')
    storage = ZODB.config.storageFromString(zeoclient[0])
    check_equal(storage.is_connected(), True, 'connected with the <zeoclient> text')
    storage.close()

    start = next((n for n, line in enumerate(lines) if re.match(r'(import|from) \w+', line)), None)
    check(start is not None, f'no Python lines in:\n{text}')
    python = []
    for line in lines[start:]:
        if not line:
            break
        python.append(line)
    space = {}
    exec('\n'.join(python), space)
    databases = [value for value in space.values() if isinstance(value, ZODB.DB)]
    databases += [value.db() for value in space.values() if isinstance(value, ZODB.Connection.Connection)]
    check(databases, 'no database or connection among the names of:\n' + '\n'.join(python))
    for database in set(databases):
        database.close()


if __name__ == '__main__':
    main(session)
