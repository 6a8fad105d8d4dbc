"""python -m service.serve: bot, action server and the website page on this machine, until Ctrl-C."""

from __future__ import annotations

import sys
import time

from service.processes import action_server, rasa_server, stop_on_signals, watch
from service.training import ROOT, check_model, environment


def main() -> None:
    check_model()
    stop_on_signals()
    children = [action_server(), rasa_server()]
    try:
        for child in children:
            if child.is_ready():
                sys.exit(f"Something already answers at {child.ready}. Stop it, or choose another port with BOT_PORT and ACTIONS_PORT.")
            child.log.unlink(missing_ok=True)
            child.start()
        print("Starting ", end="", flush=True)
        for child in children:
            while not child.is_ready():
                if child.is_dead():
                    sys.exit(f"\nThe {child.name} did not start. The reason stands at the end of {child.log.relative_to(ROOT)}.")
                time.sleep(0.5)
                print(".", end="", flush=True)
        port = environment()["BOT_PORT"]
        print(f"\nKnee Guide is ready: http://127.0.0.1:{port}/\nREST: POST http://127.0.0.1:{port}/webhooks/rest/webhook\nStop with Ctrl-C.", flush=True)
        watch(children)
    except KeyboardInterrupt:
        print()
    finally:
        for child in children:
            child.stop()


if __name__ == "__main__":
    main()
