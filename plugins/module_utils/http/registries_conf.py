# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""registries.conf(5), version 2, with its drop-in files: where the content of a reference is asked for.

Its rules: the longest prefix decides; mirrors come before the location itself; a blocked location is never asked,
its mirrors may be (this is how clusters are told never to contact the source).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.notice import notice
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.http import toml_subset
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth_file import normal_host

ALL, DIGEST_ONLY, TAG_ONLY = "all", "digest-only", "tag-only"
_SYSTEM = "/etc/containers"


@dataclass(frozen=True)
class Route:
    """One place to ask.  insecure: TLS need not be verified there, and plain HTTP may be spoken.

    mirror: it is not the place that the reference names.
    """

    host: str
    repository: str
    insecure: bool = False
    mirror: bool = False


@dataclass(frozen=True)
class MirrorPlace:
    """One `[[registry.mirror]]`; pull: all, digest-only or tag-only."""

    location: str
    insecure: bool = False
    pull: str = ALL

    def serves(self, by_digest: bool) -> bool:
        """Whether it is asked for what is named by a digest, or by a tag (`pull-from-mirror` of registries.conf)."""
        return self.pull == ALL or by_digest == (self.pull == DIGEST_ONLY)


@dataclass(frozen=True)
class Registry:
    """One `[[registry]]`.  prefix: `host[/path]` or `*.domain[/path]`; location: empty to keep the name as it is."""

    prefix: str
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirrors: tuple[MirrorPlace, ...] = ()

    def rest(self, name: str) -> str | None:
        """What follows the prefix in a name `host/path`; None when the prefix does not match."""
        if not self.prefix.startswith("*."):
            return _after(name, self.prefix)
        host, _slash, path = name.partition("/")
        domain, _slash, below = self.prefix[1:].partition("/")
        if not host.endswith(domain) or host == domain:
            return None
        return _after(f"{domain}/{path}", f"{domain}/{below}" if below else domain)


@dataclass(frozen=True)
class RegistriesConf:
    """All registries of the files, by longest prefix.  source: the main file, empty for none."""

    registries: tuple[Registry, ...] = ()
    source: str = ""

    @classmethod
    def of(cls, path: str = "", environ: Mapping[str, str] | None = None) -> RegistriesConf:
        """From a file and the `*.conf` files of the folder `<path>.d` beside it.

        Without a path: CONTAINERS_REGISTRIES_CONF, else the user's file, else the system's, with the drop-in files of
        system and user; nothing when there is none (mirroring 1.7).
        `/dev/null` switches it off.  Raises InputError (missing, malformed, version 1), StorageError, Unsupported (a named
        file needs a TOML reader, and none is installed).
        """
        environ = os.environ if environ is None else environ
        named = path or environ.get("CONTAINERS_REGISTRIES_CONF", "")
        if named == os.devnull:
            return cls()
        if named:
            if not os.path.isfile(named):
                raise InputError(f"there is no file {named}", subject=named, advice="Correct the path of registries.conf.")
            return cls._read([named, *_drop_ins(f"{named}.d")], named, required=True)
        home = environ.get("HOME") or os.path.expanduser("~")
        user = os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "containers")
        main = [file for file in (os.path.join(folder, "registries.conf") for folder in (user, _SYSTEM)) if os.path.isfile(file)][:1]
        others = [file for folder in (_SYSTEM, user) for file in _drop_ins(os.path.join(folder, "registries.conf.d"))]
        return cls._read([*main, *others], (main or others or [""])[0], required=False)

    @classmethod
    def _read(cls, paths: list[str], source: str, required: bool) -> RegistriesConf:
        """required: a file that needs a TOML reader, where this Python has none, is an error and not left out."""
        found: dict[str, Registry] = {}
        for path in paths:
            try:
                found.update(registries_of(_document(path), path))
            except Unsupported as error:
                if required:
                    raise
                notice(f"{path} is left out: {error.message}. {error.advice} To go without it, set registries_conf to {os.devnull}.")
        return cls(tuple(sorted(found.values(), key=lambda registry: (-len(registry.prefix), registry.prefix))), source)

    def find(self, name: str) -> Registry | None:
        """The registry whose prefix matches `host/path` best."""
        return next((registry for registry in self.registries if registry.rest(name) is not None), None)

    def routes(self, reference: Reference) -> tuple[Route, ...]:
        """Where to ask for a reference, in order.

        Raises InputError (a name without a registry), AccessDenied (all places are blocked).
        """
        if reference.transport != DOCKER:
            raise InputError("only references of registries are looked up in registries.conf", subject=str(reference))
        if not reference.domain:
            raise InputError("the reference names no registry", subject=str(reference), advice="Write host/repository:tag.")
        name = replace(reference, domain=normal_host(reference.domain)).repository
        registry = self.find(name)
        if registry is None:
            return (_route(name, False, False),)
        rest = registry.rest(name) or ""
        routes = [
            _route(mirror.location + rest, mirror.insecure, True)
            for mirror in registry.mirrors
            if mirror.serves(bool(reference.digest)) and not self._blocked(mirror.location + rest)
        ]
        if not registry.blocked:
            origin = registry.location + rest if registry.location else name
            routes.append(_route(origin, registry.insecure, origin != name))
        if not routes:
            raise AccessDenied(
                f"the registry {registry.prefix} is blocked in {self.source}",
                subject=str(reference),
                advice="Remove the entry, or add a mirror that holds the image.",
            )
        return tuple(routes)

    def _blocked(self, name: str) -> bool:
        registry = self.find(name)
        return registry is not None and registry.blocked


def registries_of(document: Mapping[str, Any], path: str) -> dict[str, Registry]:
    """By prefix, from a parsed file; raises InputError naming the entry that is wrong."""
    if isinstance(document.get("registries"), dict):
        raise InputError("the file has the form of version 1", subject=path, advice="Write it in version 2, see registries.conf(5).")
    found: dict[str, Registry] = {}
    for number, entry in enumerate(_tables(document, "registry", path), 1):
        registry = _registry(entry, f"{path}, registry {number}")
        earlier = found.setdefault(registry.prefix, registry)
        if (earlier.insecure, earlier.blocked) != (registry.insecure, registry.blocked):
            raise InputError(f"{registry.prefix} is there twice, with different insecure or blocked", subject=path)
        found[registry.prefix] = registry
    return found


def _registry(entry: Mapping[str, Any], where: str) -> Registry:
    location = _place(entry, "location", where)
    prefix = _place(entry, "prefix", where) or location
    if not prefix:
        raise InputError("it has neither prefix nor location", subject=where)
    if "*" in (prefix[1:] if prefix.startswith("*.") else prefix):
        raise InputError(f"the prefix {prefix} is none", subject=where, advice="A wildcard stands for whole subdomains: *.example.com.")
    by_digest = _flag(entry, "mirror-by-digest-only", where)
    mirrors = []
    for number, mirror in enumerate(_tables(entry, "mirror", where), 1):
        mirrors.append(_mirror(mirror, by_digest, f"{where}, mirror {number}"))
    return Registry(
        prefix,
        location if location or prefix.startswith("*.") else prefix,
        _flag(entry, "insecure", where),
        _flag(entry, "blocked", where),
        tuple(mirrors),
    )


def _mirror(entry: Mapping[str, Any], by_digest: bool, where: str) -> MirrorPlace:
    location = _place(entry, "location", where)
    if not location:
        raise InputError("it has no location", subject=where)
    pull = entry.get("pull-from-mirror") or ""
    if pull not in ("", ALL, DIGEST_ONLY, TAG_ONLY):
        raise InputError(f"pull-from-mirror is {pull!r:.40}", subject=where, advice="It is all, digest-only or tag-only.")
    if pull and by_digest:
        raise InputError("pull-from-mirror cannot be combined with mirror-by-digest-only", subject=where, advice="Keep one of them.")
    return MirrorPlace(location, _flag(entry, "insecure", where), DIGEST_ONLY if by_digest else pull or ALL)


def _place(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str):
        raise InputError(f"{key} is not text", subject=where)
    value = value.rstrip("/")
    if "://" in value or "@" in value or any(letter.isspace() for letter in value):
        raise InputError(f"{key} is {value!r:.200}", subject=where, advice="It is host[:port][/path], without scheme.")
    if ":" in value.partition("/")[2]:
        raise InputError(f"{key} {value} names a tag", subject=where, advice="It is host[:port][/path], and holds for every tag.")
    return value


def _flag(entry: Mapping[str, Any], key: str, where: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise InputError(f"{key} is neither true nor false", subject=where)
    return value


def _tables(document: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    value = document.get(key) or []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise InputError(f"{key} is not a list of tables", subject=where, advice=f"Each begins with [[{key}]].")
    return value


def _document(path: str) -> dict[str, Any]:
    try:
        content = files.read(path).decode("utf-8")
    except FileNotFoundError:
        raise StorageError(f"cannot read {path}: it was removed meanwhile", subject=path) from None
    except ValueError as error:
        raise InputError(f"the file is not TOML: {error}", subject=path) from error
    try:
        import tomllib as toml
    except ImportError:
        try:
            import tomli as toml
        except ImportError:
            return _simple_document(content, path)
    try:
        document: dict[str, Any] = toml.loads(content)
        return document
    except ValueError as error:
        raise InputError(f"the file is not TOML: {error}", subject=path) from error


def _simple_document(content: str, path: str) -> dict[str, Any]:
    try:
        return toml_subset.loads(content)
    except ValueError as error:
        raise Unsupported(
            f"this Python has no TOML reader, and {error} without one",
            subject=path,
            advice="Install the package tomli, or use Python 3.11 or later.",
        ) from error


def _drop_ins(folder: str) -> list[str]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".conf"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StorageError(f"cannot read {folder}: {error.strerror}", subject=folder) from error
    return [os.path.join(folder, name) for name in names]


def _after(name: str, prefix: str) -> str | None:
    """What follows a prefix that ends at a slash or the end of a name; a port is no part of a shorter host."""
    return name[len(prefix) :] if name == prefix or name.startswith(f"{prefix}/") else None


def _route(name: str, insecure: bool, mirror: bool) -> Route:
    host, _slash, repository = name.partition("/")
    return Route(host, repository, insecure, mirror)
