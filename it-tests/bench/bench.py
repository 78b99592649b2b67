"""Measures Zeolite and Python's ZEO server in turns. Started by `run`, which prepares what it needs."""

import argparse
import os
import shutil
import signal
import sys
import tempfile

import chart
import datafile
import machine
import report
from alone import Alone
from measures import BLOB_BYTES, MEASURES
from servers import FIRST_START_SECONDS, BenchError, LoadGenerator, Server, make_certificate
from shootout import PostgreSQL

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A measurement that has not answered so long after its time is given up.
PATIENCE_SECONDS = 120


class Run:
    """All that is measured, over servers that stay up, each with its own copy of the same data."""

    def __init__(self, options, directory):
        self._options = options
        self._directory = directory
        self._measures = [m for m in MEASURES if not options.only or m.name in options.only]
        self._names = [options.server] if options.server != "both" else ["zeolite", "python"]
        self._commands = {"zeolite": options.zeolite_command, "python": options.python_command}
        self._servers = []
        self._tls_servers = []
        self._unsynced_servers = []
        self._load = LoadGenerator(options.java, os.path.join(options.target, "classes"), directory)
        self.remarks = []
        self.samples = {m.name: {name: [] for name in self._names} for m in self._measures}

    def run(self):
        try:
            if any(m.alone is None for m in self._measures):
                self._run_under_load()
            self._run_alone()
        finally:
            self._load.stop()
        return self._measures, self.samples

    def _run_under_load(self):
        try:
            self._start_servers()
            self._warm_up()
            self._start_floor()
            for number in range(self._options.rounds):
                self._round(number)
            self._memory("after")
        finally:
            for server in self._servers + self._tls_servers + self._unsynced_servers:
                server.stop()

    def _start_servers(self):
        data = datafile.make(self._options.target)
        for name in self._names:
            server = Server(name, self._commands[name], self._subdirectory(name), data)
            self._servers.append(server)
            server.start(FIRST_START_SECONDS)
        self._memory("idle")
        if any(m.tls for m in self._measures):
            self._start_tls_servers(data)
        if any(m.unsynced for m in self._measures):
            self._start_unsynced_servers(data)

    def _start_unsynced_servers(self, data):
        """Zeolite with Python's durability of blobs; Python's server has no other."""
        for server in self._servers:
            if server.name == "zeolite":
                server = Server(
                    server.name, self._commands[server.name], self._subdirectory("zeolite-unsynced"), data,
                    storage_keys=["sync-blobs false"],
                )
                server.start(FIRST_START_SECONDS)
            self._unsynced_servers.append(server)

    def _start_tls_servers(self, data):
        certificate = make_certificate(self._directory)
        if certificate is None:
            self._say("openssl is not there to make a certificate: nothing is measured over TLS")
            self._measures = [m for m in self._measures if not m.tls]
            return
        for name in self._names:
            server = Server(name, self._commands[name], self._subdirectory(name + "-tls"), data, certificate)
            self._tls_servers.append(server)
            server.start(FIRST_START_SECONDS)

    def _servers_for(self, measure):
        if measure.tls:
            return self._tls_servers
        return self._unsynced_servers if measure.unsynced else self._servers

    def _warm_up(self):
        """Lets the JVM compile what the measurements use, and uploads the blob that they download."""
        tasks = [m for m in self._measures if m.task]
        downloads = [m for m in tasks if "blob-download" in m.task]
        # What is downloaded has been uploaded before.
        uploads = [m for m in MEASURES if downloads and m.name in ("blob-up", "blob-small-up", "blob-up-tls")]
        if not any(m.tls for m in downloads):
            uploads = [m for m in uploads if not m.tls]
        for measure in uploads + tasks:
            for server in self._servers_for(measure):
                self._say(f"warm-up: {measure.name}, {server.name}")
                # A commit takes longer than a load, and it is their number that the JVM goes by.
                seconds = self._options.warm_up_seconds * (3 if measure.writes else 1)
                self._measure(measure, server, seconds)

    def _start_floor(self):
        """Adds the server in C, where it could be compiled, to what it can answer."""
        floor = os.path.join(self._options.target, "floor")
        floored = [m for m in self._measures if m.floor]
        if not floored or not os.path.exists(floor):
            return
        for servers, directory, forced in (self._servers, "floor", 1), (self._unsynced_servers, "floor-unsynced", 0):
            if servers:
                command = f"'{floor}' {{port}} {datafile.record_bytes()} {BLOB_BYTES} {forced}"
                server = Server("floor", command, self._subdirectory(directory))
                servers.append(server)
                server.start()
        for measure in floored:
            self.samples[measure.name]["floor"] = []

    def _round(self, number):
        for measure in self._measures:
            # Who goes first alternates too, as one leaves the disk and the processor's clock to the other.
            servers = self._servers_for(measure)
            for server in servers if number % 2 == 0 else reversed(servers):
                if measure.task and server.name in self.samples[measure.name]:
                    self._say(f"round {number + 1} of {self._options.rounds}: {measure.name}, {server.name}")
                    sample = self._measure(measure, server, self._options.seconds)
                    self.samples[measure.name][server.name].append(sample)

    def _measure(self, measure, server, seconds):
        if measure.writes:
            # What others left to be written back is not paid for here.
            os.sync()
        if measure.cold:
            server.forget_data()
        task = measure.task.format(
            objects=datafile.OBJECTS,
            first_with_history=datafile.first_with_history(),
            history_objects=datafile.HISTORY_OBJECTS,
            history_revisions=datafile.HISTORY_REVISIONS,
            blob_oid=datafile.blob_oid(),
            small_blob_oid=datafile.OBJECTS - 10,
            large_blob_oid=datafile.OBJECTS - 9,
            other_blob_oid=datafile.OBJECTS - 8,
            first_image_oid=datafile.OBJECTS - 30,
            blob_bytes=BLOB_BYTES,
        )
        sample = self._load.measure(
            f"{task} port={server.port} tls={int(measure.tls)} pid={server.pid} seconds={seconds}", seconds + PATIENCE_SECONDS
        )
        if "blob-upload" in task:
            server.forget_old_blobs()
        if "error" in sample:
            self._say(f"{measure.name}, {server.name}: {sample['error']}\n{server.log_tail()}")
        return sample

    def _memory(self, when):
        if "memory" not in self.samples:
            return
        for server in self._servers:
            if server.name in self._names:
                entries = self.samples["memory"][server.name]
                if not entries:
                    entries.append({})
                if server.process.poll() is None:
                    entries[0][when] = server.memory_kb()
                else:
                    entries[0]["error"] = f"it ended with {server.process.returncode} during the run"

    def _run_alone(self):
        alone = Alone(self._options, self._commands, self._subdirectory, self._load)
        for measure in (m for m in self._measures if m.alone):
            take = measure.alone(alone)
            rounds = min(self._options.rounds, measure.most_rounds or self._options.rounds)
            if measure.name == "start":
                # The first is not counted, as it may build the server.
                take(self._names[0])
            for number in range(rounds):
                for name in self._names if number % 2 == 0 else reversed(self._names):
                    self._say(f"round {number + 1} of {rounds}: {measure.name}, {name}")
                    sample = take(name)
                    if "error" in sample:
                        self._say(f"{measure.name}, {name}: {sample['error']}")
                    self.samples[measure.name][name].append(sample)
            if measure.name == "shootout":
                self._relstorage(alone)

    def _relstorage(self, alone):
        absent = PostgreSQL.absent()
        if absent is None:
            self._say("shootout, RelStorage")
            self.samples["shootout"]["relstorage"] = [alone.relstorage()]
        self.remarks.append(f"RelStorage: {absent}" if absent else "RelStorage: history-preserving, on PostgreSQL as it is installed")

    def _subdirectory(self, name):
        path = os.path.join(self._directory, name)
        os.mkdir(path)
        return path

    @staticmethod
    def _say(text):
        print(text, file=sys.stderr, flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="run", description="Compares Zeolite with Python's ZEO server on this machine.")
    runzeo = os.path.join(os.path.dirname(sys.executable), "runzeo")
    zeolite = os.path.join(REPOSITORY, "server", "bin", "zeolite")
    parser.add_argument("--rounds", type=int, help="how often each is measured, in turns (default: 5; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="one short round, for a first impression")
    parser.add_argument(
        "--only", action="append", metavar="NAME", choices=[m.name for m in MEASURES],
        help="one measure, can be repeated: " + ", ".join(m.name for m in MEASURES),
    )
    parser.add_argument("--server", choices=("zeolite", "python", "both"), default="both")
    parser.add_argument(
        "--zeolite-command", metavar="COMMAND", default=f"'{zeolite}' serve -C {{conf}}",
        help="what is measured as Zeolite, in words of a shell with {conf} (default: %(default)s)",
    )
    parser.add_argument(
        "--python-command", metavar="COMMAND", default=f"'{runzeo}' -C {{conf}}",
        help="what it is compared with (default: %(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", help="where the samples go (default: result.json in target/bench)")
    parser.add_argument("--chart", metavar="FILE", help="where the chart goes (default: result.svg in target/bench)")
    parser.add_argument("--java", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--target", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    quick = options.quick
    options.rounds = options.rounds or (1 if quick else 5)
    options.seconds = 1 if quick else 2
    options.warm_up_seconds = 2 if quick else 5
    options.chart = options.chart or os.path.join(options.target, "result.svg")
    options.json = options.json or os.path.join(options.target, "result.json")
    return options


def main():
    options = parse(sys.argv[1:])
    # Both end the processes that were started on their way out; Ctrl-C also where a shell has turned it off for its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = tempfile.mkdtemp(prefix="run-", dir=options.target)
    try:
        about = machine.describe(options.java, directory)
        use = machine.Use()
        run = Run(options, directory)
        measures, samples = run.run()
        about["use"] = use.shares()
    except BenchError as e:
        sys.exit(f"bench: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(machine.headline(about))
    print(report.table(measures, samples))
    summary = report.summary(measures, samples)
    report.write_json(options.json, {"machine": about, "remarks": run.remarks, "measures": summary})
    chart.write(options.chart, measures, summary, machine.short(about))
    print(*run.remarks, f"\nsamples: {options.json}\nchart: {options.chart}", sep="\n")
    failed = any("error" in s for by_server in samples.values() for entries in by_server.values() for s in entries)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
