"""The processes of a run: servers under test and the load generator. None of them outlives it."""

import ctypes
import json
import os
import select
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pagecache

START_SECONDS = 30
# The first start of a fresh clone builds the server.
FIRST_START_SECONDS = 900
STOP_SECONDS = 20
POLL_SECONDS = 0.002
PR_SET_PDEATHSIG = 1
# Who the load generator is, to a server that talks TLS.
IDENTITY = "identity.p12"

_libc = ctypes.CDLL(None)


class BenchError(Exception):
    """What the run cannot go on without is missing or broken; the text is for the user."""


def spawn(command, **options):
    """Starts a process in a session of its own, so that Ctrl-C is ours alone, which ends with this process however that ends."""
    return subprocess.Popen(
        command,
        start_new_session=True,
        preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        **options,
    )


def end(process):
    """Ends a process that `spawn` started, with its children if it has any: politely and, failing that, otherwise."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Server:
    """
    A server over the data file in a directory, to which one is copied from the directory `data` if that is given. `command` is a
    template with {conf} and {port}; `certificate` is a file with a certificate and its key, and the directory must be absolute.
    `storage_keys` are lines for the section of the storage.
    """

    def __init__(self, name, command, directory, data=None, certificate=None, storage_keys=()):
        self.name = name
        self.process = None
        self.port = _free_port()
        self._directory = directory
        self._certificate = certificate
        self._data_file = os.path.join(directory, "Data.fs")
        self._log_path = os.path.join(directory, "server.log")
        os.makedirs(os.path.join(directory, "blobs"), mode=0o700, exist_ok=True)
        conf = os.path.join(directory, "zeo.conf")
        with open(conf, "w") as f:
            f.write(_configuration(self.port, directory, certificate, storage_keys))
        if data:
            for file in ("Data.fs", "Data.fs.index"):
                shutil.copy(os.path.join(data, file), directory)
        self._command = [word.format(conf=conf, port=self.port) for word in shlex.split(command)]

    @property
    def pid(self):
        return self.process.pid

    def start(self, patience=START_SECONDS):
        """Starts it and returns the seconds from the command to the announcement on a connection."""
        # The encoding of a server that is not told otherwise, whatever the caller's environment says.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ZEO_")}
        with open(self._log_path, "ab") as log:
            begin = time.monotonic()
            try:
                self.process = spawn(
                    self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self._directory
                )
            except OSError as e:
                raise BenchError(f"{self.name} cannot be started: {e}") from e
        while not self._announces():
            if self.process.poll() is not None:
                raise BenchError(f"{self.name} ended with {self.process.returncode} at its start:\n{self.log_tail()}")
            if time.monotonic() - begin > patience:
                raise BenchError(f"{self.name} accepts no connections after {patience} s:\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - begin

    def _announces(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                if self._certificate:
                    # Who it is does not matter on this machine.
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    context.check_hostname = False
                    context.verify_mode = ssl.CERT_NONE
                    context.load_cert_chain(self._certificate)
                    s = context.wrap_socket(s)
                return s.recv(6) != b""
        except OSError:
            return False

    def stop(self):
        if self.process is not None:
            end(self.process)

    def kill(self):
        """Ends it without a chance to do anything more."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def forget_data(self):
        """Lets the system drop Data.fs from its page cache."""
        try:
            pagecache.forget(self._data_file, self.pid)
        except OSError as e:
            raise BenchError(f"{self.name}: {e}") from e

    def forget_old_blobs(self):
        """
        Empties the blobs that are not an object's last, for which nobody asks: a fast server would fill the disk. They are not removed, as
        ext4 without a journal looks at each inode that was given back in the last minutes before it makes a new one.
        """
        for directory, _, files in os.walk(os.path.join(self._directory, "blobs")):
            # Their names are their tids.
            for old in sorted(name for name in files if name.endswith(".blob"))[:-1]:
                path = os.path.join(directory, old)
                if os.path.getsize(path) > 0:
                    os.chmod(path, 0o600)
                    os.truncate(path, 0)

    def memory_kb(self):
        """Resident memory in KB: now, of it what is not of files, and at its highest."""
        with open(f"/proc/{self.pid}/status") as f:
            fields = dict(line.split(":", 1) for line in f)
        return {key: int(fields[key].split()[0]) for key in ("VmRSS", "RssAnon", "VmHWM")}

    def log_tail(self):
        with open(self._log_path, errors="replace") as f:
            return "".join(f.readlines()[-20:])


class LoadGenerator:
    """The Java process that puts load on servers; see io.zeolite.bench.LoadGenerator for its lines."""

    def __init__(self, java, classes, directory):
        identity = f"-Dbench.identity={os.path.join(directory, IDENTITY)}"
        self._command = [java, "-XX:+UseSerialGC", "-Xmx512m", identity, "-cp", classes, "io.zeolite.bench.LoadGenerator"]
        self._process = None

    def measure(self, task, patience):
        """Runs one measurement. An answer that takes longer than `patience` seconds is an error like any other."""
        if self._process is None or self._process.poll() is not None:
            self._process = spawn(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process.stdin.write(task.encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], patience)
        if not ready:
            self.stop()
            return {"error": f"no answer within {patience} s"}
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": "the load generator ended"}

    def stop(self):
        if self._process is not None:
            end(self._process)
            self._process.stdin.close()
            self._process.stdout.close()
            self._process = None


def make_certificate(directory):
    """
    Makes a file with a certificate and its key for servers and clients, and `identity.p12` with the same for Java. Returns the path;
    None without openssl.
    """
    path = os.path.join(directory, "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    try:
        subprocess.run([*command, "-keyout", path, "-out", path + ".only"], check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    with open(path, "a") as whole, open(path + ".only") as certificate:
        whole.write(certificate.read())
    identity = os.path.join(directory, IDENTITY)
    subprocess.run(["openssl", "pkcs12", "-export", "-in", path, "-out", identity, "-passout", "pass:bench"], check=True)
    return path


def _configuration(port, directory, certificate, storage_keys):
    more = "".join(f"  {line}\n" for line in storage_keys)
    ssl_section = ""
    if certificate:
        settings = "".join(f"    {key} {certificate}\n" for key in ("certificate", "key", "authenticate"))
        ssl_section = f"  <ssl>\n{settings}  </ssl>\n"
    return f"""\
<zeo>
  address 127.0.0.1:{port}
{ssl_section}</zeo>

<filestorage 1>
  path {directory}/Data.fs
  blob-dir {directory}/blobs
{more}</filestorage>
"""


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
