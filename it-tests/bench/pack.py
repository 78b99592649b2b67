"""A pack of a file of many objects beside Python's, commits of another client meanwhile, and opening that file.

    it-tests/bench/run --only pack
    target/bench-python/bin/python bench/pack.py --zeolite-command '.../zeolite serve -C {conf}' [--objects 1000000] [--rounds 1]

`run` has it as one of its measures; by itself it takes other sizes. A fifth of the objects is written twice, a tenth is garbage. Each
server packs a copy of its own of the same file. "Quiet" are commits of one small object each, one after the other, before the
pack; the latencies are those of one Python client, on either side.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time

import transaction
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
from ZODB import DB
from ZODB.FileStorage import FileStorage

from servers import Server

PAYLOAD = "x" * 250
IN_A_TRANSACTION = 1000
QUIET_SECONDS = 10


def make(path, objects):
    db = DB(FileStorage(path, create=True), cache_size=2000)
    conn = db.open()
    root = conn.root()
    kept = root["kept"] = OOBTree()
    garbage = root["garbage"] = OOBTree()
    root["counter"] = PersistentMapping(count=0)
    for n in range(objects):
        (garbage if n % 10 == 9 else kept)[n] = PersistentMapping(n=n, payload=PAYLOAD + str(random.random()))
        if n % IN_A_TRANSACTION == IN_A_TRANSACTION - 1:
            transaction.commit()
            conn.cacheGC()
    for count, n in enumerate(range(0, objects, 5)):
        if n in kept:
            kept[n]["payload"] = PAYLOAD + str(random.random())
        if count % IN_A_TRANSACTION == 0:
            transaction.commit()
            conn.cacheGC()
    transaction.commit()
    del root["garbage"]
    transaction.commit()
    db.close()


def made(target, objects):
    """A directory with that file, which is made only once."""
    data = os.path.join(target, f"pack-data-{objects}")
    if not os.path.exists(data):
        shutil.rmtree(data + ".tmp", ignore_errors=True)
        os.makedirs(data + ".tmp")
        make(os.path.join(data + ".tmp", "Data.fs"), objects)
        os.rename(data + ".tmp", data)
    return data


class Commits(threading.Thread):
    """Commits until it is told to end. Its latencies are in milliseconds."""

    def __init__(self, port):
        super().__init__()
        self.ended = threading.Event()
        self.latencies = []
        self.port = port

    def run(self):
        db = DB(ClientStorage(("127.0.0.1", self.port)))
        conn = db.open(transaction.TransactionManager())
        while not self.ended.is_set():
            conn.root()["counter"]["count"] += 1
            begin = time.perf_counter()
            conn.transaction_manager.commit()
            self.latencies.append(1000 * (time.perf_counter() - begin))
        db.close()

    def end(self):
        self.ended.set()
        self.join()
        ordered = sorted(self.latencies)
        return {"commits": len(ordered), "median": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100],
                "max": ordered[-1]}


def busy_seconds():
    """Of all processors together, since the start of the machine."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq = (int(field) for field in f.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def process_cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid, key):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(key))


def measure(name, command, data, scratch):
    directory = os.path.join(scratch, name)
    os.makedirs(directory)
    empty = os.path.join(scratch, name + "-empty")
    os.makedirs(empty)
    sample = {}
    server = Server(name, command, empty)
    sample["start on an empty storage s"] = server.start()
    server.stop()
    server = Server(name, command, directory, data)
    sample["start with the index s"] = server.start()
    server.stop()
    os.remove(os.path.join(directory, "Data.fs.index"))
    sample["start without the index s"] = server.start(patience=300)
    try:
        commits = Commits(server.port)
        commits.start()
        time.sleep(QUIET_SECONDS)
        sample["quiet"] = commits.end()
        commits = Commits(server.port)
        commits.start()
        storage = ClientStorage(("127.0.0.1", server.port))
        cpu, others, begin = process_cpu(server.pid), busy_seconds(), time.monotonic()
        storage.pack(time.time(), True)
        seconds = time.monotonic() - begin
        sample["pack wall s"] = seconds
        sample["pack server CPU s"] = process_cpu(server.pid) - cpu
        sample["machine busy CPUs meanwhile"] = (busy_seconds() - others) / seconds
        sample["meanwhile"] = commits.end()
        sample["RSS highest MB"] = memory(server.pid, "VmHWM")
        sample["size after"] = storage.getSize()
        storage.close()
    finally:
        server.stop()
    shutil.rmtree(directory)
    return sample


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--zeolite-command", required=True)
    parser.add_argument("--python-command", default=os.path.join(os.path.dirname(sys.executable), "runzeo") + " -C {conf}")
    parser.add_argument("--target", default=tempfile.gettempdir())
    options = parser.parse_args()
    data = made(options.target, options.objects)
    sides = [("zeolite", options.zeolite_command), ("python", options.python_command)]
    for n in range(options.rounds):
        for name, command in sides if n % 2 == 0 else sides[::-1]:
            with tempfile.TemporaryDirectory(dir=options.target) as scratch:
                print(json.dumps({"round": n + 1, "server": name, **measure(name, command, data, scratch)}), flush=True)


if __name__ == "__main__":
    main()
