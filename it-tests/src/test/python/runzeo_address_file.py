"""Python's runzeo with one more option, --address-file FILE: where it listens, as JSON, written once it does.

    runzeo_address_file.py -C zeo.conf --address-file FILE
"""

import json
import os
import sys

# On uvloop ZEO's server sends an invalidation now and then after the finish reply of a later transaction, since
# uvloop's call_soon_threadsafe does not keep the order with what the loop reads. The scenarios notice; asyncio's loop is in order.
sys.modules['uvloop'] = None

from ZEO import runzeo  # noqa: E402


def serve(arguments, address_file):
    create_server = runzeo.create_server

    def create_and_tell(storages, options):
        server = create_server(storages, options)
        with open(address_file + '.new', 'w') as out:
            json.dump(server.addr, out)
        os.rename(address_file + '.new', address_file)
        return server

    runzeo.create_server = create_and_tell
    options = runzeo.ZEOOptions()
    options.realize(arguments)
    runzeo.ZEOServer(options).main()


if __name__ == '__main__':
    arguments = sys.argv[1:]
    at = arguments.index('--address-file')
    address_file = arguments[at + 1]
    del arguments[at:at + 2]
    serve(arguments, address_file)
