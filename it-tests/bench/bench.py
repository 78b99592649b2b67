"""Measures Zeolite and Python's ZEO server in turns. Started by `run`, which prepares what it needs."""

import argparse
import os
import shutil
import signal
import sys
import tempfile

import datafile
import machine
import report
from measures import BLOB_BYTES, MEASURES
from servers import FIRST_START_SECONDS, START_SECONDS, BenchError, LoadGenerator, Server

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What the server in C can answer.
FLOORED = ("loads-1", "loads-4x16", "loads-64x4")
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
        self._load = LoadGenerator(options.java, os.path.join(options.target, "classes"))
        self.samples = {m.name: {name: [] for name in self._names} for m in self._measures}

    def run(self):
        if any(m.name != "start" for m in self._measures):
            self._run_under_load()
        if "start" in self.samples:
            self._starts()
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
            self._load.stop()
            for server in self._servers:
                server.stop()

    def _start_servers(self):
        data = datafile.make(self._options.target)
        for name in self._names:
            server = Server(name, self._commands[name], self._subdirectory(name), data)
            self._servers.append(server)
            server.start(FIRST_START_SECONDS)
        self._memory("idle")

    def _warm_up(self):
        """Lets the JVM compile what the measurements use, and uploads the blob that they download."""
        tasks = [m for m in self._measures if m.task]
        if any("blob-download" in m.task for m in tasks):
            tasks = [m for m in MEASURES if m.name == "blob-up"] + tasks
        for server in self._servers:
            for measure in tasks:
                self._say(f"warm-up: {measure.name}, {server.name}")
                self._measure(measure, server, self._options.warm_up_seconds)

    def _start_floor(self):
        """Adds the server in C, where it could be compiled, to the loads: it can answer nothing else."""
        floor = os.path.join(self._options.target, "floor")
        loads = [m for m in self._measures if m.name in FLOORED]
        if not loads or not os.path.exists(floor):
            return
        command = f"'{floor}' {{port}} {datafile.record_bytes()}"
        server = Server("floor", command, self._subdirectory("floor"))
        self._servers.append(server)
        server.start()
        for measure in loads:
            self.samples[measure.name]["floor"] = []

    def _round(self, number):
        for measure in self._measures:
            # Who goes first alternates too, as one leaves the disk and the processor's clock to the other.
            for server in self._servers if number % 2 == 0 else reversed(self._servers):
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
            blob_bytes=BLOB_BYTES,
        )
        sample = self._load.measure(f"{task} port={server.port} pid={server.pid} seconds={seconds}", seconds + PATIENCE_SECONDS)
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

    def _starts(self):
        """Starts on an empty storage, with nothing else running; the first is not counted, as it may build the server."""
        for number in range(1 + self._options.starts):
            for name in self._names:
                self._say(f"start {number} of {self._options.starts}, {name}")
                server = Server(name, self._commands[name], self._subdirectory(f"start-{name}-{number}"))
                try:
                    seconds = server.start(START_SECONDS if number else FIRST_START_SECONDS)
                finally:
                    server.stop()
                if number:
                    self.samples["start"][name].append({"seconds": seconds})

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
    parser.add_argument("--rounds", type=int, help="how often each is measured, in turns (default: 7; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="less than a minute in all, for a first impression")
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
    parser.add_argument("--java", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--target", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    quick = options.quick
    options.rounds = options.rounds or (1 if quick else 7)
    options.seconds = 1 if quick else 2
    options.warm_up_seconds = 2 if quick else 5
    options.starts = 3 if quick else 7
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
        measures, samples = Run(options, directory).run()
        about["use"] = use.shares()
    except BenchError as e:
        sys.exit(f"bench: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(machine.headline(about))
    print(report.table(measures, samples))
    report.write_json(options.json, {"machine": about, "measures": report.summary(measures, samples)})
    print(f"\nsamples: {options.json}")
    failed = any("error" in s for by_server in samples.values() for entries in by_server.values() for s in entries)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
