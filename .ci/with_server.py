"""Run a command with DATABASE_URL and DATABASE_OWNER_URL of a PostgreSQL server like an operator's own.

The server listens on TCP with passwords, in a directory that is deleted afterwards. Of the embedded server it shares
the programs alone. Exits as the command does.

    python .ci/with_server.py pytest tests/test_walls.py
"""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gopimi import embedded


def main(command: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        cluster, port, password = Path(folder) / "cluster", free_port(), secrets.token_hex(16)
        cluster.mkdir(mode=0o700)
        embedded._hand_over(cluster)
        secret = Path(folder) / "password"
        secret.write_text(password)
        tool("initdb", "-D", str(cluster), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
        tool("pg_ctl", "-D", str(cluster), "-w", "-l", str(cluster / "log"), "-o", options, "start")
        try:
            make_roles(port, password)
            address = f"{password}@127.0.0.1:{port}/gopimi"
            urls = {
                "DATABASE_URL": f"postgres://gopimi_app:{address}",
                "DATABASE_OWNER_URL": f"postgres://gopimi_owner:{address}",
                "GOPIMI_HTTPS": "false",
            }
            return subprocess.run(command, env={**os.environ, **urls}, check=False).returncode
        finally:
            tool("pg_ctl", "-D", str(cluster), "-m", "immediate", "stop")


def make_roles(port: int, password: str) -> None:
    """The two roles and the database as the README tells an operator to make them."""
    with psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres", autocommit=True
    ) as connection:
        for role, rights in [("gopimi_owner", "CREATEDB"), ("gopimi_app", "NOSUPERUSER NOBYPASSRLS")]:
            statement = sql.SQL(f"CREATE ROLE {{}} LOGIN PASSWORD {{}} {rights}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
        connection.execute("CREATE DATABASE gopimi OWNER gopimi_owner")


def tool(name: str, *arguments: str) -> None:
    code, output = embedded._run(name, *arguments)
    if code:
        sys.exit(f"{name} failed:\n{output}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
