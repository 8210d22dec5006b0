"""`latchkey-agent enrol`: from the link to the places that the key opens.

Whatever can be known before the link's token is traded is looked at before: the token works
once, so a key that will not do must not cost it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fido2.ctap import CtapError

from latchkey_agent import ceremony, key, options
from latchkey_agent.key import Key
from latchkey_agent.link import Link
from latchkey_agent.options import Begun
from latchkey_agent.pins import Pin
from latchkey_agent.portal import Portal
from latchkey_agent.readers import Found
from latchkey_agent.stop import Again, Exit, Stop
from latchkey_agent.talk import Talk

TRIES = 3
"""How often a touch that did not come is asked for."""
SETTLE_POLLS = 15
SETTLE_SECONDS = 2
"""How often, and after which pauses, the places are asked for until they are settled."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for."""

    key: str = ""
    """Part of the name of the key to use, where there are several."""
    min_pin_length: int = 0
    force_pin_change: bool = False


@dataclass
class Enrolment:
    """One run of the command.

    Args:
        find: looks for keys.
        windows: whether only Windows itself may talk to keys, so that none can be looked at.
        sleep: waits between polls.
    """

    link: Link
    portal: Portal
    talk: Talk
    find: Callable[[], Found]
    wishes: Wishes = field(default_factory=Wishes)
    windows: bool = False
    sleep: Callable[[float], None] = time.sleep
    _ceremony: str = ""

    def run(self) -> dict[str, Any]:
        """Register what the link is for, one step after another.

        Returns:
            The outcome: each passkey, and where it stands.

        Raises:
            Stop: whatever went wrong; the portal has been told.
        """
        about = self.look()
        touch, pin = self._touch(about)
        step = self._exchange()
        outcomes = []
        try:
            while True:
                outcome = self._step(step, touch)
                outcomes.append(outcome)
                step = outcome.pop("next", None)
                if not step:
                    break
        except BaseException:  # Ctrl-C is none of Exception
            self._cancel()
            raise
        rules = self._pin_rules(pin)
        places, known = self._settled()
        settled = known and all(place.get("state") == "ready" for place in places)
        return {"passkeys": outcomes, "places": places, "settled": settled, "pin_rules": rules}

    def look(self) -> dict[str, Any]:
        """What the link is for; the portal trades nothing for it yet."""
        about = self.portal.post("look", kind=self.link.kind, token=self.link.token)
        self.talk.say("Latchkey is about to register a security key.")
        self.talk.facts(
            (
                ("person", str(about.get("person", ""))),
                ("portal", self.link.host),
                ("directory", str(about.get("directory") or "")),
                ("RP ID", str(about.get("rp_id") or "")),
            )
        )
        return about

    def _touch(self, about: dict[str, Any]) -> tuple[ceremony.Touch, Pin | None]:
        """What registers: a key that is there and will do, with its PIN in order."""
        if self.windows:
            self.talk.say("Windows itself will ask for the key and its PIN.")
            return (lambda begun: ceremony.by_windows(begun, self.talk)), None
        chosen = self._choose(allowed_models(about))
        pin = Pin(chosen, self.talk, minimum=self.wishes.min_pin_length)
        with ceremony.in_words():
            key.check(chosen)
            pin.ready()
        return (lambda begun: ceremony.by_key(pin.key, begun, pin, self.talk)), pin

    def _choose(self, allowed: dict[str, str] | None) -> Key:
        found = self.find()
        for note in found.notes:
            self.talk.say(note)
        there = [one for one in found.keys if self.wishes.key.casefold() in label(one).casefold()]
        if not there:
            raise Stop(
                Exit.NO_KEY,
                "key_none",
                "No security key was found. Plug it in, or put the card on its reader, and begin "
                "anew. The link still works.",
            )
        fitting = [one for one in there if allowed is None or str(one.aaguid) in allowed]
        if not fitting:
            raise Stop(
                Exit.NOT_ALLOWED,
                "model_not_allowed",
                f"{', '.join(map(label, there))}: your organisation does not allow this model. "
                f"Allowed are: {', '.join(sorted(set((allowed or {}).values())))}.",
            )
        if len(fitting) == 1:
            self.talk.say(f"Using {label(fitting[0])}.")
            return fitting[0]
        number = self.talk.choose("Which key?", [label(one) for one in fitting])
        if number is None:
            raise Stop(
                Exit.SEVERAL,
                "key_several",
                "Several keys are there. Say which by --key and part of its name, or leave one.",
            )
        return fitting[number]

    def _exchange(self) -> dict[str, Any]:
        # Chosen once and sent again with each try: an answer that was lost costs no link.
        nonce = secrets.token_urlsafe(32)
        traded = self.portal.post(
            "exchange", kind=self.link.kind, token=self.link.token, nonce=nonce
        )
        self.portal.secret = str(traded["secret"])
        return traded

    def _step(self, step: dict[str, Any], touch: ceremony.Touch) -> dict[str, Any]:
        begun = options.read(self.portal.post("options"))
        self._ceremony = begun.ceremony
        self.talk.say("")
        self.talk.say(f"A passkey for {begun.rp_id}:")
        self.talk.facts(
            (
                ("person", str(step.get("person", ""))),
                ("portal", self.link.host),
                ("directory", str(step.get("directory") or "")),
                ("in the name of", begun.origin),
            )
        )
        self.talk.go_on("Press Enter to go on, or Ctrl-C to stop.")
        response = json.dumps(self._touched(begun, touch))
        outcome = self.portal.post("answer", ceremony=begun.ceremony, response=response)
        self._ceremony = ""
        self.talk.say(f"Registered: {outcome.get('nickname', '')} ({outcome.get('model', '')}).")
        return outcome

    def _touched(self, begun: Begun, touch: ceremony.Touch) -> dict[str, Any]:
        for _ in range(TRIES - 1):
            try:
                return touch(begun)
            except Again as reason:
                if not self.talk.may_try_again(reason.sentence):
                    raise
        return touch(begun)

    def _pin_rules(self, pin: Pin | None) -> str | None:
        """Last, because a key that demands another PIN does nothing more until it has it.

        Returns:
            `set`, `unable`, `failed`, or None where none were asked for.
        """
        wishes = self.wishes
        if not (wishes.min_pin_length or wishes.force_pin_change):
            return None
        if pin is None or not pin.key.takes_pin_rules:
            self.talk.say("Rules for the key's PIN cannot be set here, so none were.")
            return "unable"
        try:
            with ceremony.in_words():
                pin.demand(minimum=wishes.min_pin_length, change=wishes.force_pin_change)
        except (CtapError, Stop) as error:
            self.talk.say(f"The passkey is registered, but the rules for its PIN are not: {error}.")
            return "failed"
        self.talk.say("The rules for the key's PIN are set.")
        return "set"

    def _settled(self) -> tuple[list[dict[str, Any]], bool]:
        """The places, once nothing of them is under way any more, or after a bounded wait.

        The passkey is registered, so nothing that goes wrong here fails the command.

        Returns:
            The places as they were told last, and whether they will stay so.
        """
        places: list[dict[str, Any]] = []
        moving = True
        try:
            for turn in range(SETTLE_POLLS):
                if turn:
                    self.sleep(SETTLE_SECONDS)
                state = self.portal.get("state")
                places, moving = list(state.get("places") or ()), bool(state.get("moving"))
                if not moving:
                    break
        except (Stop, KeyboardInterrupt) as reason:
            self.talk.say(
                f"Where the key stands could not be learned to the end. {reason}".rstrip()
            )
        for place in places:
            self.talk.say(f"  {place.get('name')}: {place.get('state')}")
        return places, not moving

    def _cancel(self) -> None:
        """Tell the portal that nothing more will come; it would find out by itself, later."""
        try:
            self.portal.post("cancel", ceremony=self._ceremony)
        except Stop:
            self.talk.say("The portal could not be told. What was begun there ends by itself.")


def allowed_models(about: dict[str, Any]) -> dict[str, str] | None:
    """The models that the portal allows, by AAGUID; None where it allows every one."""
    models = about.get("models")
    if models is None:
        return None
    return {str(one["aaguid"]): str(one["name"]) for one in models}


def label(one: Key) -> str:
    """A key in a list: its name, and its model's number."""
    return f"{one.name} ({one.transport}, {one.aaguid})"
