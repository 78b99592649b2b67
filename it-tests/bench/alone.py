"""What is measured with no other server running: starts, packs, and zodbshootout. Each takes a server's name and gives one sample."""

import os

import datafile
import pack
import shootout
from servers import FIRST_START_SECONDS, Server

# Long enough for a server that reads a whole file of many objects.
MANY_START_SECONDS = 900
QUICK_PACKED_OBJECTS = 100_000
PACKED_OBJECTS = 1_000_000


class Alone:
    """`subdirectory` makes an empty one for a name that was not used before."""

    def __init__(self, options, commands, subdirectory, load):
        self._options = options
        self._commands = commands
        self._subdirectory = subdirectory
        self._load = load
        self._count = 0

    def start(self, name):
        return self._started(self._server(name))

    def start_with(self, objects):
        """The start with a good index of so many objects."""

        def measure(name):
            directory = self._many(name, objects)
            return self._started(Server(name, self._commands[name], directory))

        return measure

    def start_killed(self, objects):
        """The start after commits and SIGKILL."""

        def measure(name):
            server = self._server(name, self._many(name, objects))
            server.start(MANY_START_SECONDS)
            try:
                sample = self._load.measure(
                    f"commits first=1 connections=4 shared=0 batch=1 port={server.port} tls=0 pid={server.pid} seconds=2", 120
                )
            finally:
                server.kill()
            if "error" in sample:
                return sample
            started = self._started(server)
            started["commits"] = sample["operations"]
            return started

        return measure

    def pack(self, name):
        objects = QUICK_PACKED_OBJECTS if self._options.quick else PACKED_OBJECTS
        data = pack.made(self._options.target, objects)
        return pack.measure(name, self._commands[name], data, self._scratch("pack", name))

    def shootout(self, name):
        # Its own connections find the storage empty, as in its documentation.
        server = self._server(name)
        server.start(FIRST_START_SECONDS)
        try:
            return shootout.measure(self._options, shootout.zeo(server.port), self._scratch("shootout", name))
        finally:
            server.stop()

    def relstorage(self):
        """The same with RelStorage on a PostgreSQL server of its own, which is no server of ours to compare with."""
        with shootout.PostgreSQL(self._scratch("postgresql", "relstorage")) as database:
            return shootout.measure(self._options, database.configuration(), self._scratch("shootout", "relstorage"))

    def _many(self, name, objects):
        """A directory with a file of so many objects and its index, which the first start makes."""
        directory = datafile.make_many(self._options.target, objects)
        if not os.path.exists(os.path.join(directory, "Data.fs.index")):
            server = Server(name, self._commands[name], directory)
            try:
                server.start(MANY_START_SECONDS)
            finally:
                server.stop()
        return directory

    def _server(self, name, data=None):
        return Server(name, self._commands[name], self._scratch("server", name), data)

    def _scratch(self, what, name):
        self._count += 1
        return self._subdirectory(f"{what}-{name}-{self._count}")

    @staticmethod
    def _started(server):
        try:
            return {"seconds": server.start(MANY_START_SECONDS), **server.memory_kb()}
        finally:
            server.stop()
