# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""TLS contexts: verified, at least TLS 1.2, one for each distinct setting (user-needs G21).

Building one costs 20 ms and reads the system's authorities, so each is built once and shared by all connections.
`ssl` itself is imported only when the first TLS connection is made.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings

# ssl.VERIFY_X509_STRICT
_STRICT = 0x20


class Contexts:
    """The contexts in use, by what they depend on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[Any, Any] = {}

    def of(self, settings: HostSettings) -> Any:
        """The ssl.SSLContext of a host's settings.  Raises InputError when a file cannot be used."""
        return self._known(settings, lenient=False)

    def lenient(self, settings: HostSettings) -> Any:
        """For a host whose authorities the user names: trusts these alone, as curl does and Python did before 3.13; else None.

        Since then Python refuses authorities without key usage, as `openssl req -x509` makes them.
        """
        strict = getattr(self.of(settings), "verify_flags", 0) & _STRICT
        return self._known(settings, lenient=True) if settings.verify and settings.ca_path and strict else None

    def _known(self, settings: HostSettings, lenient: bool) -> Any:
        key = (lenient, settings.verify, settings.ca_path, settings.client_cert, settings.client_key)
        with self._lock:
            if key not in self._contexts:
                self._contexts[key] = _context(settings, lenient)
            return self._contexts[key]


class NamedContext:
    """A context for one host whose name is an address: urllib3 1.26 does not say it to the context, which is to check it."""

    def __init__(self, context: Any, host: str) -> None:
        self.__dict__.update(_context=context, _host=host.partition("%")[0])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._context, name, value)

    def wrap_socket(self, sock: Any, **options: Any) -> Any:
        """As `ssl.SSLContext` does, for this host."""
        return self._context.wrap_socket(sock, **{**options, "server_hostname": self._host})

    def wrap_bio(self, *memory: Any, **options: Any) -> Any:
        """As `ssl.SSLContext` does, for this host; used where TLS runs within TLS."""
        return self._context.wrap_bio(*memory, **{**options, "server_hostname": self._host})


def _context(settings: HostSettings, lenient: bool) -> Any:
    import ssl

    if lenient:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    elif settings.verify:
        context = ssl.create_default_context()
    else:
        # Without the system's authorities, which take long to load.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        for path in _authorities(settings.ca_path) if settings.ca_path else ():
            context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"the certificate authorities cannot be loaded: {error.strerror or error}",
            subject=settings.ca_path,
            advice="ca_path must be a PEM file, or a directory with .crt or .pem files.",
        ) from error
    if settings.client_cert:
        try:
            # A password callback that gives nothing: an encrypted key fails instead of asking on the terminal.
            context.load_cert_chain(settings.client_cert, settings.client_key or None, password=lambda: "")
        except (OSError, ssl.SSLError, ValueError) as error:
            raise InputError(
                f"the client certificate cannot be loaded: {getattr(error, 'strerror', '') or error}",
                subject=settings.client_cert,
                advice="client_cert and client_key must be PEM files that belong together; the key must not be encrypted.",
            ) from error
    return context


def _authorities(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    found = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith((".crt", ".pem")))
    if not found:
        raise InputError("the directory of certificate authorities has no .crt or .pem file", subject=path)
    return found
