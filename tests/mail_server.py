"""A mail server on the loopback: it keeps what it is sent, and says no when it is told to."""

from __future__ import annotations

import base64
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

LINK = re.compile(r"(/links/[\w-]{40,})")
CODE = re.compile(r"Your code: ([0-9]{6})\b")


class MailServer(socketserver.ThreadingTCPServer):
    """RFC 5321, as far as a client of ours goes."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.answers: dict[str, list[str]] = {}
        """What the next commands of a verb are answered with; `DATA.` is the end of the mail.
        `drop` closes the connection instead."""

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def links(self) -> list[str]:
        """The path of each mail's link."""
        return [LINK.search(text).group(1) for text in self.texts()]

    def codes(self) -> list[str]:
        """The code of each mail that brings one."""
        return [found.group(1) for text in self.texts() if (found := CODE.search(text))]

    def texts(self) -> list[str]:
        """Each mail as plain text."""
        return [mail.get_body(("plain",)).get_content() for mail in self.mails]


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            told = self.server.answers.get(verb)
            if told:
                if (answer := told.pop(0)) == "drop":
                    return
                self._say(answer)
            elif verb == "EHLO":
                self._say("250-loopback\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                _, name, word = base64.b64decode(line.split()[2]).decode().split("\0")
                self.server.logins.append((name, word))
                self._say("235 welcome")
            elif verb == "DATA":
                self._say("354 go on")
                self._keep()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                if verb == "RCPT":
                    self.server.recipients.append(line)
                self._say("250 fine")

    def _keep(self) -> None:
        body = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            body += line.removeprefix(b".") if line.startswith(b"..") else line
        self.server.mails.append(message_from_bytes(body, policy=default))
        told = self.server.answers.get("DATA.")
        answer = told.pop(0) if told else "250 kept"
        if answer != "drop":
            self._say(answer)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that runs until the block ends."""
    server = MailServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
