"""The lines that a server prints for its users, taken at their word."""

import re

import ZODB.config

from scenario import await_until, check, check_equal, connect, main


def session(output, address):
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
    before = connect(address)
    space = {}
    exec('\n'.join(python), space)
    await_until(lambda: any(isinstance(value, (ZODB.DB, ZODB.Connection.Connection)) or hasattr(value, 'lastTransaction')
                            for value in space.values()), 'a database among the names of the session')
    for value in list(space.values()):
        if isinstance(value, ZODB.Connection.Connection) and value.db() not in space.values():
            value.db().close()
    for value in list(space.values()):
        if isinstance(value, ZODB.DB):
            value.close()
    before.close()


if __name__ == '__main__':
    main(session)
