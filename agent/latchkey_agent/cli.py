"""The command `latchkey-agent`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from latchkey_agent import __version__, ceremony, readers
from latchkey_agent.enrol import Enrolment, Wishes, allowed_models
from latchkey_agent.key import check, story
from latchkey_agent.link import Link, parse
from latchkey_agent.portal import Portal
from latchkey_agent.readers import Found
from latchkey_agent.stop import MEANINGS, Exit, Stop
from latchkey_agent.talk import Talk

Find = Callable[[], Found]
Connect = Callable[[Link], Portal]


def main(
    arguments: Sequence[str] | None = None,
    *,
    find: Find = readers.find,
    talk: Talk | None = None,
    connect: Connect = Portal,
) -> int:
    """Run the command.

    Args:
        arguments: those of the process when left out.
        find: looks for keys.
        talk: the terminal.
        connect: speaks to a link's portal.

    Returns:
        What to exit with: a value of `Exit`.
    """
    asked = _parser().parse_args(arguments)
    terminal = talk or Talk(as_json=asked.json, unasked=getattr(asked, "yes", False))
    try:
        return int(asked.command(asked, find, terminal, connect))
    except Stop as reason:
        return _fail(terminal, reason)
    except KeyboardInterrupt:
        return _fail(terminal, Stop(Exit.CANCELLED, "cancelled", "Cancelled."))
    except Exception as error:  # whatever it is, a script that waits for JSON gets its object
        kind = type(error).__name__
        sentence = f"Something went wrong that this program does not foresee ({kind})."
        return _fail(terminal, Stop(Exit.UNFORESEEN, "unforeseen", sentence))


def _enrol(asked: argparse.Namespace, find: Find, talk: Talk, connect: Connect) -> Exit:
    link = parse(asked.link)
    wishes = Wishes(asked.key, asked.min_pin_length, asked.force_pin_change)
    outcome = Enrolment(
        link, connect(link), talk, find, wishes, windows=ceremony.needs_windows()
    ).run()
    if outcome["pin_rules"] == "failed":
        done, sentence = Exit.PIN_RULES, "The key is registered. The rules for its PIN are not set."
    elif outcome["settled"]:
        done, sentence = Exit.DONE, "Done."
    else:
        done, sentence = (
            Exit.UNSETTLED,
            "The key is registered. Not every directory has confirmed it yet: its page in the "
            "portal says more.",
        )
    talk.result(sentence, {"exit": int(done), **outcome})
    return done


def _keys(asked: argparse.Namespace, find: Find, talk: Talk, connect: Connect) -> Exit:
    if ceremony.needs_windows():
        raise Stop(
            Exit.UNSUITABLE,
            "windows_only",
            "Windows shows keys only to administrators. Run this as administrator.",
        )
    about: dict[str, Any] | None = None
    if asked.link:
        link = parse(asked.link)
        about = connect(link).post("look", kind=link.kind, token=link.token)
    allowed = allowed_models(about) if about else None
    found = find()
    for note in found.notes:
        talk.say(note)
    rows = []
    for one in found.keys:
        with ceremony.in_words():
            row = story(one)
            try:
                check(one)
                row["problem"] = None
            except Stop as reason:
                row["problem"] = reason.code
        if about is not None:
            row["allowed"] = allowed is None or row["aaguid"] in allowed
            row["model"] = (allowed or {}).get(row["aaguid"])
        rows.append(row)
    lines = [_line(row) for row in rows] or ["No security key was found."]
    talk.result("\n".join(lines), {"exit": int(_found(rows)), "keys": rows})
    return _found(rows)


def _found(rows: list[dict[str, Any]]) -> Exit:
    return Exit.DONE if rows else Exit.NO_KEY


def _line(row: dict[str, Any]) -> str:
    parts = [row.get("model") or row["name"], row["transport"], row["aaguid"]]
    parts.append({"set": "PIN set", "none": "no PIN yet", "unknown": "knows no PIN"}[row["pin"]])
    if row["pin_tries"] is not None:
        parts.append(f"{row['pin_tries']} tries left")
    if row["room_for"] is not None:
        parts.append(f"room for {row['room_for']} passkeys")
    if row["problem"]:
        parts.append(f"cannot be used: {row['problem']}")
    if "allowed" in row:
        parts.append("allowed" if row["allowed"] else "not allowed")
    return ", ".join(parts)


def _fail(talk: Talk, reason: Stop) -> int:
    if talk.as_json:
        talk.result(
            reason.sentence,
            {
                "exit": int(reason.exit),
                "error": {"code": reason.code, "message": reason.sentence, "detail": ""},
            },
        )
    else:
        talk.say(f"{reason.sentence} [{reason.code}]")
    return int(reason.exit)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchkey-agent",
        description="Registers a security key where a browser cannot reach it.",
        epilog="Exit codes: "
        + "; ".join(f"{int(code)} {meaning}" for code, meaning in MEANINGS.items()),
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    enrol = commands.add_parser("enrol", help="register a key for the person of a link")
    enrol.add_argument("link", help="the address that a page of the portal shows, or a link")
    enrol.add_argument("--key", default="", metavar="NAME", help="part of the key's name")
    enrol.add_argument("--yes", action="store_true", help="do not wait for Enter")
    enrol.add_argument(
        "--min-pin-length", type=_length, default=0, metavar="N", help="have the key demand it"
    )
    enrol.add_argument(
        "--force-pin-change", action="store_true", help="have the key demand another PIN"
    )
    enrol.set_defaults(command=_enrol)
    listed = commands.add_parser("keys", help="list the keys that are there")
    listed.add_argument("link", nargs="?", default="", help="a link, to learn which are allowed")
    listed.set_defaults(command=_keys)
    for command in (enrol, listed):
        command.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return parser


def _length(text: str) -> int:
    number = int(text)
    if not 4 <= number <= 63:
        raise ValueError(text)
    return number
