# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which credential belongs to a registry and repository (mirroring 1.7, user-needs P14).

Values given directly come first.  After them the auth file that was named, by the user or else by REGISTRY_AUTH_FILE: it
takes the place of the usual ones, so that what somebody once logged in to as another user of this account is never sent
anywhere.  Without it podman's files are asked, then docker's, and the first that has an entry for the registry decides.
Inside one source the most specific key wins: `host/namespace/repository`, `host/namespace`, `host`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login import credential_helper
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth_file import AuthFile, Credential, normal_host

_GIVEN = "the credentials given"


class Credentials:
    """All sources of credentials; thread-safe, each file is read and each helper asked at most once."""

    def __init__(self, given: AuthFile | None, places: tuple[tuple[str, bool], ...], environ: Mapping[str, str]) -> None:
        """given: entries from no file.  places: paths with whether they must exist, in order."""
        self._given = given
        self._places = places
        self._environ = environ
        self._lock = threading.Lock()
        self._files: list[AuthFile] | None = None
        self._answers: dict[tuple[str, str, str], Credential | None] = {}
        self._found: dict[tuple[str, str], Credential | None] = {}

    @classmethod
    def of(
        cls,
        auth_file: str = "",
        entries: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Credentials:
        """From what the user gave and the environment.

        entries: by `host[/namespace[/repository]]`, each a mapping with `username` and `password`, or `identity_token`,
          or `auth` (base64 of user:password); the whole document of an auth file is taken as well.
        environ: the process's own when None.
        Raises InputError when `entries` are malformed; files are read at the first lookup.
        """
        environ = os.environ if environ is None else environ
        given = None
        if entries:
            document = dict(entries) if isinstance(entries.get("auths"), dict) else {"auths": dict(entries)}
            given = AuthFile.of(document, _GIVEN)
            if given.kept:
                raise InputError(
                    f"the entry of {given.kept[0]} holds no credential",
                    subject=_GIVEN,
                    advice="Give username and password, identity_token, or auth.",
                )
        return cls(given, _places(auth_file, environ), environ)

    def lookup(self, host: str, repository: str = "") -> Credential | None:
        """The credential for a repository of a registry (`quay.io`, `ns/name`); None to go as nobody.

        Raises InputError (a malformed file or helper name), StorageError, AccessDenied (a helper is missing or fails).
        """
        wanted = (normal_host(host), repository.strip("/"))
        with self._lock:
            if wanted not in self._found:
                self._found[wanted] = self._search(_keys(*wanted))
            return self._found[wanted]

    def secrets(self) -> tuple[str, ...]:
        """Every secret text known so far, sorted; reads the files, asks no helper."""
        with self._lock:
            known = [credential for source in self._sources() for credential in source.entries.values()]
            known += [credential for credential in self._answers.values() if credential]
        return tuple(sorted({secret for credential in known for secret in credential.secrets()}))

    def _sources(self) -> Iterator[AuthFile]:
        if self._given:
            yield self._given
        if self._files is None:
            self._files = [file for file in (_read(path, required) for path, required in self._places) if file]
        yield from self._files

    def _search(self, keys: tuple[str, ...]) -> Credential | None:
        for source in self._sources():
            for key in keys:
                credential = None
                if key in source.helpers:
                    credential = self._ask(source.helpers[key], key, source)
                credential = credential or source.entries.get(key)
                if credential:
                    return credential
            credential = self._ask_store(source, keys)
            if credential:
                return credential
        return None

    def _ask_store(self, source: AuthFile, keys: tuple[str, ...]) -> Credential | None:
        """From the store for every registry.

        A file carried over from another host may name one that is not installed; that matters only where the file
        says that this registry's secret is kept there.
        """
        if not source.store:
            return None
        kept = [key for key in keys if key in source.kept]
        for key in kept or keys[-1:]:
            try:
                credential = self._ask(source.store, key, source)
            except credential_helper.HelperMissing:
                if kept:
                    raise
                return None
            if credential:
                return credential
        return None

    def _ask(self, helper: str, key: str, source: AuthFile) -> Credential | None:
        asked = (helper, key, source.path)
        if asked not in self._answers:
            self._answers[asked] = credential_helper.ask(helper, key, source.path, self._environ)
        return self._answers[asked]


def _read(path: str, required: bool) -> AuthFile | None:
    try:
        return AuthFile.read(path)
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise InputError(f"there is no auth file {path}", subject=path, advice="Log in first, or correct the path.") from None
        return None


def _places(auth_file: str, environ: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
    """Paths in order, with whether each must exist: one that somebody named must, and is the only one."""
    named = auth_file or environ.get("REGISTRY_AUTH_FILE", "")
    if named:
        return ((named, True),)
    home = environ.get("HOME") or os.path.expanduser("~")
    configuration = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    found = [os.path.join(environ["XDG_RUNTIME_DIR"], "containers", "auth.json")] if environ.get("XDG_RUNTIME_DIR") else []
    found.append(os.path.join(configuration, "containers", "auth.json"))
    if environ.get("DOCKER_CONFIG"):
        found.append(os.path.join(environ["DOCKER_CONFIG"], "config.json"))
    found.append(os.path.join(home, ".docker", "config.json"))
    return tuple((path, False) for path in dict.fromkeys(found))


def _keys(host: str, repository: str) -> tuple[str, ...]:
    """`host/a/b`, `host/a`, `host`."""
    parts = [part for part in repository.split("/") if part]
    return tuple("/".join([host, *parts[:count]]) for count in range(len(parts), -1, -1))
