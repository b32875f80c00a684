"""An SMTP relay for server/tests/smtp.rs.

Listens on three free ports of this machine: STARTTLS, TLS from the first byte, and plain.
Prints one JSON line with the ports and the certificate authority, then one for each letter
that it took. A letter to grey@ is put off the first time (451), one to nobody@ is refused
(550). Ends when its standard input does.
"""

import argparse
import asyncio
import json
import pathlib
import ssl
import sys
from email import message_from_bytes, policy

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"homeround", b"letters in, letters out"


def say(**fields):
    print(json.dumps(fields), flush=True)


class Handler:
    """Takes letters, and says what was in them."""

    def __init__(self):
        self.put_off = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such user"
        if address.startswith("grey@") and address not in self.put_off:
            self.put_off.add(address)
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = message_from_bytes(envelope.content, policy=policy.default)
        text = letter.get_content()
        say(
            rcpt=envelope.rcpt_tos,
            mail_from=envelope.mail_from,
            headers={name.lower(): str(value) for name, value in letter.items()},
            content_type=letter.get_content_type(),
            charset=letter.get_content_charset(),
            body=text.replace("\r\n", "\n"),
            # The first is of STARTTLS, the second of TLS from the first byte.
            tls=session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            signed_in=session.authenticated is True,
            longest_line=max(len(line) for line in envelope.original_content.splitlines()),
        )
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == USER and data.password == PASSWORD
    return AuthResult(success=good, handled=False)


async def main(folder):
    authority = trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    handler = Handler()
    auth = {"authenticator": authenticate, "auth_required": True}

    def starttls():
        return SMTP(handler, tls_context=context, require_starttls=True, hostname="relay.test", **auth)

    def implicit():
        return SMTP(handler, hostname="relay.test", auth_require_tls=False, **auth)

    def plain():
        return SMTP(handler, hostname="relay.test")

    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(starttls, "127.0.0.1", 0),
        await loop.create_server(implicit, "127.0.0.1", 0, ssl=context),
        await loop.create_server(plain, "127.0.0.1", 0),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    say(starttls=ports[0], implicit=ports[1], plain=ports[2], ca=str(ca))
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where the authority's certificate is put")
    asyncio.run(main(parser.parse_args().folder))
