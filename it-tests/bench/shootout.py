"""zodbshootout (PyPI), unchanged: what a Python program feels, through the whole of ZODB and the client's cache."""

import json
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import time

from servers import BenchError, end, spawn

HERE = os.path.dirname(os.path.abspath(__file__))
OBJECTS_IN_A_TRANSACTION = 100
# What it calls those of its benchmarks that reach the server, and how their results are named.
_RESULTS = {
    "add": "add {} objects",
    "store": "store {} raw pickles",
    "update": "update {} objects",
    "cold": "read {} cold objects",
    "prefetch_cold": "read {} cold prefeteched objects",
    "readCurrent": "readCurrent {} objects",
    "new_oid": "allocate {} OIDs",
}
BENCHMARKS = tuple(_RESULTS)
CONNECTIONS = 2
POSTGRESQL_USER = "postgres"
PATIENCE_SECONDS = 1800


def install(target):
    """An environment with zodbshootout beside that of the other measures, with the same packages otherwise."""
    environment = os.path.join(target, "shootout")
    requirements = os.path.join(HERE, "shootout-requirements.txt")
    mark = os.path.join(environment, "requirements.txt")
    if not os.path.exists(mark) or open(mark).read() != open(requirements).read():
        print(f"Installing zodbshootout into {environment}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        pip = [os.path.join(environment, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"]
        ours = os.path.join(os.path.dirname(HERE), "src", "test", "python", "requirements.txt")
        subprocess.run([*pip, "--requirement", requirements, "--constraint", ours], check=True)
        shutil.copy(requirements, mark)
    return environment


def zeo(port):
    return f"""\
%import ZEO
<zodb measured>
  <zeoclient>
    server 127.0.0.1:{port}
  </zeoclient>
</zodb>
"""


def measure(options, configuration, directory):
    """Milliseconds of each of its benchmarks for the objects of a transaction: the median of its values."""
    environment = install(options.target)
    conf = os.path.join(directory, "shootout.conf")
    output = os.path.join(directory, "shootout.json")
    with open(conf, "w") as f:
        f.write(configuration)
    command = [
        os.path.join(environment, "bin", "zodbshootout"), "--quiet", "-c", str(CONNECTIONS), "--threads", "unique",
        "--object-counts", str(OBJECTS_IN_A_TRANSACTION), "--zap", "yes", "--include-mapping", "no", "-o", output,
        "-p", "1" if options.quick else "3", "-n", "3", "-w", "1", conf, *BENCHMARKS,
    ]
    # It starts processes of its own, which have to end with it.
    process = spawn(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return {"error": f"zodbshootout has not ended after {PATIENCE_SECONDS} s"}
    finally:
        end(process)
    if process.returncode != 0 or not os.path.exists(output):
        return {"error": "zodbshootout: " + said[-2000:]}
    with open(output) as f:
        return _medians(json.load(f))


def _medians(content):
    by_result = {}
    for benchmark in content["benchmarks"]:
        name = {**content.get("metadata", {}), **benchmark.get("metadata", {})}["name"]
        values = [value for run in benchmark["runs"] for value in run.get("values", ())]
        by_result[name.rsplit(": ", 1)[1]] = statistics.median(values) * 1e3
    return {name: by_result[result.format(OBJECTS_IN_A_TRANSACTION)] for name, result in _RESULTS.items()}


class PostgreSQL:
    """A server of its own in a directory, for RelStorage. It refuses to run as root, so root lends it another user."""

    def __init__(self, directory):
        self._directory = directory
        self._data = os.path.join(directory, "data")
        self._process = None
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self._port = s.getsockname()[1]

    @staticmethod
    def absent():
        """Why there is none; None if there is one."""
        if not (shutil.which("postgres") and shutil.which("initdb")):
            return "no PostgreSQL server is installed"
        if os.getuid() == 0:
            try:
                pwd.getpwnam(POSTGRESQL_USER)
            except KeyError:
                return f"PostgreSQL does not run as root, and there is no user {POSTGRESQL_USER}"
        return None

    def __enter__(self):
        os.mkdir(self._data)
        identity = {}
        if os.getuid() == 0:
            account = pwd.getpwnam(POSTGRESQL_USER)
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self._data, account.pw_uid, account.pw_gid)
            _let_through(self._data)
        log = open(os.path.join(self._directory, "log"), "ab")
        initdb = ["initdb", "-D", self._data, "-U", "zodb", "-A", "trust", "-N"]
        if subprocess.run(initdb, stdout=log, stderr=log, cwd="/", **identity).returncode:
            with open(log.name) as f:
                raise BenchError("initdb: " + f.read())
        # What it does by itself, fsync included, as the others do.
        command = ["postgres", "-D", self._data, "-p", str(self._port), "-k", self._data, "-h", "127.0.0.1"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                         start_new_session=True, **identity)
        log.close()
        self._await()
        return self

    def __exit__(self, *_):
        end(self._process)

    def configuration(self):
        return f"""\
%import relstorage
<zodb measured>
  <relstorage>
    keep-history true
    <postgresql>
      dsn host=127.0.0.1 port={self._port} user=zodb dbname=postgres
    </postgresql>
  </relstorage>
</zodb>
"""

    def _await(self):
        ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        for _ in range(600):
            if self._process.poll() is not None:
                raise BenchError(f"postgres ended with {self._process.returncode}: {self._directory}/log")
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                if shutil.which("pg_isready") is None or subprocess.run(ready).returncode == 0:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise BenchError("postgres accepts no connections")


def _let_through(path):
    """Lets another user reach what is below."""
    parent = os.path.dirname(path)
    while parent != "/":
        mode = os.stat(parent).st_mode
        if os.stat(parent).st_uid == os.getuid() and not mode & 0o001:
            os.chmod(parent, mode | 0o001)
        parent = os.path.dirname(parent)
