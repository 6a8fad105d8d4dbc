"""python -m service.part rasa … | rasa_sdk …: one server process, with logs that hold nothing of what people wrote."""

from __future__ import annotations

import os
import runpy
import sys

from components.logs import install


def prepare() -> None:
    """Before anything of Rasa is imported."""
    os.environ["LOG_LEVEL"] = "INFO"  # at debug level Rasa writes down what people type
    install()


def main() -> None:
    prepare()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
