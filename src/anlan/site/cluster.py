"""The private PostgreSQL cluster under `var/`: made, started and stopped by `anlan`, reached over a Unix socket only.

PostgreSQL refuses to run as root; there the cluster runs as the `postgres` user, and where that user cannot
reach `var/` (a checkout inside a 0700 folder) it lies under `/var/lib/anlan-…` with the same life.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from anlan.site.paths import VAR

TUNING = {
    "listen_addresses": "''",
    "max_connections": "100",
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'2GB'",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "'Asia/Shanghai'",
    "log_min_duration_statement": "2000",
}


class ClusterError(RuntimeError):
    """The private cluster cannot be made or started; the message says what is missing."""


def _as_root() -> bool:
    return os.geteuid() == 0


def _key() -> str:
    return hashlib.sha256(str(VAR.resolve()).encode()).hexdigest()[:10]


def socket_dir() -> Path:
    """A short path, since a Unix socket's address holds at most 107 bytes."""
    return Path("/tmp") / f"anlan-{os.geteuid()}-{_key()}"


def home() -> Path:
    """The cluster's folder, outside `var/` where the `postgres` user could not reach it."""
    if not _as_root() or _reachable_by_postgres(VAR.resolve()):
        return VAR.resolve() / "postgres"
    return Path("/var/lib") / f"anlan-{_key()}" / "postgres"


def _reachable_by_postgres(path: Path) -> bool:
    return all(p.stat().st_mode & 0o001 for p in [*path.parents, path] if p.exists())


def binary(name: str) -> str:
    """Full path of a PostgreSQL server program, the newest installed version first."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for folder in versions:
        if (folder / name).exists() and int(folder.parent.name) >= 15:
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise ClusterError(f"PostgreSQL 15 or later is not installed: {name} not found (run: make setup)")
    return found


def _run(*command: str) -> None:
    prefix = ["runuser", "-u", "postgres", "--"] if _as_root() else []
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, env=environment, cwd="/")
    if done.returncode:
        raise ClusterError(f"{Path(command[0]).name} failed: {(done.stderr or '').strip() or done.returncode}")


def _folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700 if path == socket_dir() else 0o755)
    if _as_root():
        owner = pwd.getpwnam("postgres")
        os.chown(path, owner.pw_uid, owner.pw_gid)
    if path == socket_dir() and path.lstat().st_uid not in {os.geteuid(), _server_uid()}:
        raise ClusterError(f"{path} belongs to somebody else")


def _server_uid() -> int:
    return pwd.getpwnam("postgres").pw_uid if _as_root() else os.geteuid()


def make() -> None:
    """Makes the cluster where there is none; one that was interrupted half-made is made anew.

    Text sorts by the rules of Chinese.
    """
    data, fresh = home(), home().with_name("postgres.new")
    if data.exists():
        return
    print("anlan: making the private database", file=sys.stderr, flush=True)
    shutil.rmtree(fresh, ignore_errors=True)
    _folder(fresh)
    _run(binary("initdb"), "-D", str(fresh), "-U", "anlan", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
         "--locale-provider=icu", "--icu-locale=zh-Hans-CN", "--data-checksums")  # fmt: skip
    settings = "\n".join(f"{name} = {value}" for name, value in TUNING.items())
    extra = f"\nunix_socket_directories = '{socket_dir()}'\nunix_socket_permissions = 0700\n"
    conf = fresh / "postgresql.conf"
    conf.write_text(conf.read_text() + settings + extra)
    fresh.rename(data)


def running() -> bool:
    """False also where there is no cluster yet."""
    if not home().exists():
        return False
    try:
        _run(binary("pg_ctl"), "-D", str(home()), "status")
    except ClusterError:
        return False
    return True


def start() -> None:
    """Makes and starts the cluster and its database; does nothing where it already runs."""
    make()
    _folder(socket_dir())
    if not running():
        log = str(home() / "server.log")
        _run(binary("pg_ctl"), "-D", str(home()), "-l", log, "-w", "-s", "-t", "60", "start")
    _make_database()


def stop() -> None:
    if running():
        _run(binary("pg_ctl"), "-D", str(home()), "-m", "fast", "-w", "stop")


def _make_database() -> None:
    import psycopg

    with psycopg.connect(host=str(socket_dir()), user="anlan", dbname="postgres", autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = 'anlan'").fetchone():
            connection.execute("create database anlan")
