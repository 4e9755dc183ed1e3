"""A mail server on loopback for the tests: aiosmtpd, and what it is told to do with the next mail.

Prints its port, then one line of JSON for each mail it has taken. The one argument says how it behaves:
take, refuse (550), later (451), starttls (offered, with a certificate nobody signed), login (asks for a password).
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

HOW = sys.argv[1]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if HOW == "refuse":
            return "550 5.1.1 there is nobody of that name"
        if HOW == "later":
            return "451 4.3.0 come back in a while"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": envelope.content.decode()}
        print(json.dumps(mail), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"signalbox" and data.password == b"a-test-password"
    return AuthResult(success=right, handled=False)


def smtp():
    extra = {}
    if HOW == "starttls":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[2], sys.argv[3])
        extra = {"tls_context": tls, "require_starttls": True}
    if HOW == "login":
        extra = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    return SMTP(Handler(), enable_SMTPUTF8=True, hostname="mail.test", **extra)


async def main():
    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this one ends it by closing its input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
