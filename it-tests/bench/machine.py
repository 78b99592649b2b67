"""What the numbers of a run depend on besides the servers: the machine, and who else used it."""

import os
import platform
import resource
import statistics
import subprocess
import time
from importlib.metadata import version

from measures import TICKS_PER_SECOND

# Others' share of the machine above which even a server compared with itself comes out at a multiple or a half.
TOO_BUSY = 0.2


def describe(java, directory):
    with open("/proc/cpuinfo") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    java_version = subprocess.run([java, "-version"], stderr=subprocess.PIPE, text=True, check=True).stderr
    return {
        "time": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "cores": len(os.sched_getaffinity(0)),
        "processor": models[0] if models else platform.machine(),
        "kernel": platform.release(),
        "java": java_version.splitlines()[0],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("ZEO", "ZODB", "uvloop", "msgpack")},
        "fsync_ms": _fsync_millis(directory),
    }


def headline(m):
    packages = ", ".join(f"{name} {number}" for name, number in m["packages"].items())
    taken = m["use"]["others"] + m["use"]["stolen"]
    warning = ": TOO BUSY, no number below is to be relied on" if taken > TOO_BUSY else ""
    return (
        f"{m['time']}, {m['cores']} cores shared with the load, {m['processor']}, Linux {m['kernel']}\n"
        f"{m['java']}; Python {m['python']}, {packages}; append of 600 bytes with fsync: {m['fsync_ms']:.2f} ms\n"
        f"other processes took {m['use']['others']:.0%} of the machine during the run, "
        f"its host {m['use']['stolen']:.0%}{warning}\n"
    )


def short(m):
    """One line for a chart."""
    busy = m["use"]["others"] + m["use"]["stolen"]
    return (
        f"{m['time'][:10]}, {m['cores']} cores ({m['processor']}), Linux {m['kernel']}, {m['java'].split(' ', 1)[1]}, ZEO "
        f"{m['packages']['ZEO']}; others used {busy:.0%} of the machine"
    )


def _fsync_millis(directory):
    """The median of an append of 600 bytes with fsync: what a commit costs on this disk at the very least."""
    path = os.path.join(directory, "fsync")
    took = []
    with open(path, "wb", buffering=0) as f:
        for _ in range(200):
            begin = time.perf_counter()
            f.write(bytes(600))
            os.fsync(f.fileno())
            took.append(time.perf_counter() - begin)
    os.unlink(path)
    return statistics.median(took) * 1e3


class Use:
    """How much of the machine others take from now on, and the host of a virtual one."""

    def __init__(self):
        self._begin = time.monotonic()
        self._ticks = _busy_and_stolen_ticks()

    def shares(self):
        """Between 0 and 1; to be asked when all our processes have ended, as only then theirs is known."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(u.ru_utime + u.ru_stime for u in used)
        whole = (time.monotonic() - self._begin) * os.cpu_count()
        busy, stolen = ((e - b) / TICKS_PER_SECOND for b, e in zip(self._ticks, _busy_and_stolen_ticks()))
        return {"others": max(0, busy - ours) / whole, "stolen": stolen / whole}


def _busy_and_stolen_ticks():
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, stolen = map(int, f.readline().split()[1:9])
    return user + nice + system + irq + softirq, stolen
