"""A mail server on the loopback: it keeps what it is sent, and says no when it is told to."""

from __future__ import annotations

import base64
import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

LINK = re.compile(r"(/links/[\w-]{40,})")
CODE = re.compile(r"Your code: ([0-9]{6})\b")


class MailServer(socketserver.ThreadingTCPServer):
    """RFC 5321, as far as a client of ours goes, and STARTTLS (RFC 3207) or TLS from the start.

    Args:
        tls: makes it speak TLS.
        at_once: from the first byte, instead of by STARTTLS.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.tls = tls
        self.at_once = at_once
        self.in_tls: list[str] = []
        """The verbs that came inside TLS."""
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
        return f"smtp{'s' if self.at_once else ''}://127.0.0.1:{self.port}"

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
        with contextlib.suppress(ssl.SSLError, ConnectionError):  # the client broke it off
            if self.server.at_once:
                self._begin_tls()
            self._say("220 ready")
            while line := self.rfile.readline().decode().strip():
                if not self._answer(line):
                    return

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # inside TLS it is another than the one that the server closes

    def _answer(self, line: str) -> bool:
        """Answer one command; false when that was the last."""
        verb = line.partition(" ")[0].upper()
        secure = isinstance(self.connection, ssl.SSLSocket)
        if secure:
            self.server.in_tls.append(verb)
        told = self.server.answers.get(verb)
        if told:
            if (answer := told.pop(0)) == "drop":
                return False
            self._say(answer)
        elif verb == "EHLO":
            offer = "250-STARTTLS\r\n" if self.server.tls and not secure else ""
            self._say(f"250-loopback\r\n{offer}250 AUTH PLAIN")
        elif verb == "STARTTLS":
            self._say("220 go on")
            self._begin_tls()
        elif verb == "AUTH":
            _, name, word = base64.b64decode(line.split()[2]).decode().split("\0")
            self.server.logins.append((name, word))
            self._say("235 welcome")
        elif verb == "DATA":
            self._say("354 go on")
            self._keep()
        elif verb == "QUIT":
            self._say("221 bye")
            return False
        else:
            if verb == "RCPT":
                self.server.recipients.append(line)
            self._say("250 fine")
        return True

    def _begin_tls(self) -> None:
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

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
def mail_server(
    tls: ssl.SSLContext | None = None, *, at_once: bool = False
) -> Iterator[MailServer]:
    """A mail server that runs until the block ends; see `MailServer`."""
    server = MailServer(tls, at_once=at_once)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
