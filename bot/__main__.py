"""python -m bot: talk without Rasa. With a word behind it: check, diff, explain, counts, article, assess."""

from __future__ import annotations

import argparse
import json
import sys

from bot.library import KnowledgeError, load


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="word")
    commands.add_parser("talk", help="a conversation (the default)")
    commands.add_parser("assess", help="reads a case as JSON on standard input and prints the assessment as JSON")
    commands.add_parser("check", help="checks the knowledge and says what is wrong")
    commands.add_parser("counts", help="how many sentences there are, and where they come from")
    commands.add_parser("article", help="prints the table of the founding article's claims")
    diff = commands.add_parser("diff", help="what a change of the knowledge does to the cases")
    diff.add_argument("revision", help="the git revision to compare with")
    explain = commands.add_parser("explain", help="prints a condition, finding, red flag or topic as a page")
    explain.add_argument("id")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except KnowledgeError as error:
        print("The knowledge cannot be used:\n" + "\n".join(f"  {line}" for line in error.problems), file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "assess":
        return assess()
    if options.command in (None, "talk"):
        from bot.talk import talk

        return talk()
    from bot import article, checks, compare, counts, explain

    commands = {"check": checks.check, "counts": counts.counts, "article": article.article}
    if options.command == "diff":
        return compare.diff(options.revision)
    if options.command == "explain":
        return explain.explain(options.id)
    return commands[options.command]()


def assess() -> int:
    """The same input gives the same bytes."""
    from bot.assessment import assess as assess_case
    from bot.case import CaseError, from_slot

    try:
        case = from_slot(json.loads(sys.stdin.read()))
    except (ValueError, CaseError) as error:
        print(f"This is not a case: {error}", file=sys.stderr)
        return 2
    library = load()
    unknown = [name for name in case.findings if name not in library.findings]
    if unknown:
        from bot.rule import closest

        print(f"This is not a case: no such finding '{unknown[0]}'{closest(unknown[0], library.findings)}", file=sys.stderr)
        return 2
    print(json.dumps(assess_case(case, library).as_json(), indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
