# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for tests: an authority, server and client certificates below it, all made anew in a folder.

authority = Authority(str(tmp_path))
with FakeRegistry(tls=authority.server_context("127.0.0.1")) as registry:
    ... trust authority.path ...
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl

import pytest

_DAY = datetime.timedelta(days=1)


class Authority:
    """Needs the library `cryptography`; the test is skipped without it.  path: its own certificate, PEM.

    usage: it says what its key is for, which `openssl req -x509` leaves out.
    """

    def __init__(self, folder: str, name: str = "test authority", usage: bool = True) -> None:
        pytest.importorskip("cryptography", reason="certificates are made with the library cryptography")
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
        used = dict.fromkeys(others, False)
        further = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **used) if usage else None
        certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None), further, 1)
        self.path = self._write(f"{name.replace(' ', '-')}.crt", certificate)

    def issue(self, host: str, days: int = 1) -> tuple[str, str]:
        """Paths of a certificate for a host name or address and of its key; a negative number of days: expired since."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(subject, key, None, x509.SubjectAlternativeName([alternative]), days)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._write(f"{host}.{days}.crt", certificate), self._write(f"{host}.{days}.key", key.private_bytes(*form))

    def server_context(self, host: str, days: int = 1, client_authority: str = "") -> ssl.SSLContext:
        """For a server; clients must show a certificate of `client_authority` when that is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(host, days))
        if client_authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_authority)
        return context

    def _sign(self, subject, key, constraints, further, days: int) -> bytes:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + min(days, 0) * _DAY - _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(constraints or x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if further is not None:
            builder = builder.add_extension(further, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _write(self, name: str, content: bytes) -> str:
        path = os.path.join(self._folder, name)
        with open(path, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
        return path
