"""python -m service.training: trains the Rasa model when its inputs changed, and says that it goes on."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "knee-guide.tar.gz"
DIGEST = ROOT / "models" / "knee-guide.sha256"
STAMP = ROOT / ".stamps" / "train"
LOG = ROOT / "run" / "train.log"


def inputs() -> Iterator[Path]:
    """Every file that a trained model depends on."""
    yield from (ROOT / name for name in ("config.yml", "domain.yml", "requirements.lock"))
    yield from sorted((ROOT / "data").glob("*.yml"))
    yield from sorted((ROOT / "bot" / "knowledge").rglob("*.yml"))
    yield from sorted((ROOT / "bot" / "reader").glob("*.[oj]*"))
    yield from sorted((ROOT / "components").glob("*.py"))


def digest_of_inputs() -> str:
    digest = hashlib.sha256()
    for path in inputs():
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def digest_of_model() -> str:
    return hashlib.sha256(MODEL.read_bytes()).hexdigest()


def is_current() -> bool:
    return MODEL.exists() and DIGEST.exists() and STAMP.exists() and STAMP.read_text() == digest_of_inputs()


def check_model() -> None:
    """Refuses a model file that is not the one that was trained here: loading a model runs code."""
    if not MODEL.exists() or not DIGEST.exists():
        sys.exit("There is no trained model. Run 'make train' first.")
    if DIGEST.read_text().strip() != digest_of_model():
        sys.exit(f"{MODEL.relative_to(ROOT)} is not the file that was trained here (its digest differs). Run 'make train' to make a new one.")


def environment() -> dict[str, str]:
    """No telemetry, no chatter, loopback only."""
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "SANIC_HOST": "127.0.0.1"}
    ports = {"BOT_PORT": os.environ.get("BOT_PORT", "5005"), "ACTIONS_PORT": os.environ.get("ACTIONS_PORT", "5055")}
    return {**os.environ, **quiet, **ports, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def train() -> int:
    if is_current():
        return 0
    for folder in (MODEL.parent, STAMP.parent, LOG.parent):
        folder.mkdir(exist_ok=True)
    print("Training (about a minute) ", end="", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "rasa", "train", "--out", "models", "--fixed-model-name", "knee-guide", "--quiet"]
    with LOG.open("w") as log:
        child = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=log, stderr=subprocess.STDOUT)
        while child.poll() is None:
            time.sleep(2)
            print(".", end="", flush=True)
    if child.returncode or not MODEL.exists():
        print(" failed.\nThe last lines of run/train.log:", file=sys.stderr)
        print("\n".join(LOG.read_text(errors="replace").splitlines()[-15:]), file=sys.stderr)
        print("What to do: look for the first 'Error' in run/train.log; after a change of data or domain, 'make check' says more.", file=sys.stderr)
        return 1
    DIGEST.write_text(digest_of_model() + "\n")
    STAMP.write_text(digest_of_inputs())
    print(f" done in {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(train())
