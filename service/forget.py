"""python -m service.forget: deletes conversations by hand. The service does it by itself after KNEE_GUIDE_KEEP_HOURS."""

from __future__ import annotations

import argparse
import os
import sys

import redis
from sqlalchemy.exc import SQLAlchemyError

from components.storage.database import address, connect, forget, forget_all, forget_older
from components.storage.spare import spare


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m service.forget", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--sender", help="one conversation, by its name in the database")
    which.add_argument("--older-than", type=float, metavar="HOURS", help="conversations without a message for so long")
    which.add_argument("--all", action="store_true", help="every conversation")
    options = parser.parse_args(argv)
    try:
        engine, waiting = connect(), spare(os.environ.get("KNEE_GUIDE_REDIS"), 1)
        for sender in waiting.names() if options.all else [options.sender] if options.sender else []:
            waiting.drop(sender)
        if options.all:
            count = forget_all(engine)
        elif options.sender:
            count = forget(engine, [options.sender])
        else:
            count = forget_older(engine, options.older_than)
    except redis.RedisError as error:
        sys.exit(f"Redis could not be used: {type(error).__name__}. Is it running?")
    except SQLAlchemyError as error:
        sys.exit(f"The database {address().split('@')[-1]} could not be used: {type(error).__name__}. Is it running?")
    print(f"{count} conversation{'' if count == 1 else 's'} deleted.")


if __name__ == "__main__":
    main()
