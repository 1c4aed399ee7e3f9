"""One SMTP delivery, step by step, so that the step which failed tells what is known."""

import smtplib
import socket
import ssl
from email.message import EmailMessage
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from apps.gateway import outbound
from apps.gateway.connectors.base import Refused, Unproven, Unreachable
from apps.gateway.connectors.gate import ask_first

SMTPS_PORT = 465
SMTP_PORT = 25
NETWORK = (OSError, smtplib.SMTPException)


class Session(smtplib.SMTP):
    """A session with a server whose address was judged."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return outbound.connect(host, port, timeout)


class EncryptedSession(smtplib.SMTP_SSL):
    """The same over TLS; the certificate is the name's, not the address's."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = outbound.connect(host, port, timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


class Server:
    """`smtp://[user@]host[:port]` or `smtps://...`; with a user, TLS and a sign-in are required."""

    def __init__(self, address: str, secret: str, *, timeout: float) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(f"'{address}' is not an address like smtp://host:port.")
        self.host = parts.hostname
        self.implicit_tls = parts.scheme == "smtps"
        self.port = parts.port or (SMTPS_PORT if self.implicit_tls else SMTP_PORT)
        self._user = unquote(parts.username or "")
        self._secret = secret
        self._timeout = timeout

    def deliver(self, message: EmailMessage, sender: str, recipient: str) -> str:
        """Hand the message over; the server's answer. Raises `Unreachable`, `Refused`, `Unproven`.

        Until the text is sent nothing can have happened. After it, a lost connection proves
        nothing either way.
        """
        smtp = self._connect()
        try:
            self._sign_in(smtp)
            self._envelope(smtp, sender, recipient)
            ask_first()
            return self._hand_over(smtp, message)
        finally:
            smtp.close()

    def greet(self) -> None:
        """Connect and sign in, as before a delivery. Raises `Unreachable`, `Refused`."""
        smtp = self._connect()
        try:
            self._sign_in(smtp)
        finally:
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        try:
            if self.implicit_tls:
                context = ssl.create_default_context()
                return EncryptedSession(
                    self.host, self.port, timeout=self._timeout, context=context
                )
            return Session(self.host, self.port, timeout=self._timeout)
        except NETWORK as error:
            raise Unreachable(self._say("no connection", error)) from error

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.ehlo_or_helo_if_needed()
            if not self._user:
                return
            if not self.implicit_tls:
                smtp.starttls(context=ssl.create_default_context())
            smtp.login(self._user, self._secret)
        except smtplib.SMTPAuthenticationError as error:
            raise Refused(f"{self.host} refused the sign-in.", code=str(error.smtp_code)) from error
        except NETWORK as error:
            raise Unreachable(self._say("greeting failed", error)) from error

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        try:
            for code, text in (smtp.mail(sender), smtp.rcpt(recipient)):
                if code not in (250, 251):
                    self._refuse(code, text)
        except NETWORK as error:
            raise Unreachable(self._say("envelope failed", error)) from error

    def _hand_over(self, smtp: smtplib.SMTP, message: EmailMessage) -> str:
        try:
            code, text = smtp.data(message.as_bytes())
        except smtplib.SMTPDataError as error:  # the server did not let us begin
            self._refuse(error.smtp_code, error.smtp_error)
        except NETWORK as error:
            raise Unproven(self._say("connection lost after the text was sent", error)) from error
        if code != 250:
            self._refuse(code, text)
        return text.decode(errors="replace")

    def _refuse(self, code: int, text: bytes | str) -> NoReturn:
        """5xx is a no for good; 4xx was not accepted either, but may be tried again."""
        words = text.decode(errors="replace") if isinstance(text, bytes) else text
        if code >= 500:
            raise Refused(f"{self.host} refused the message: {words[:300]}", code=str(code))
        raise Unreachable(self._say(f"not accepted for now ({code})", words[:300]))

    def _say(self, what: str, why: object) -> str:
        return f"{self.host}:{self.port}: {what}: {why}"
