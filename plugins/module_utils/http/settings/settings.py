# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a user may set about connections, as frozen values.

Everything is per host where it matters: verification, authorities and client certificates of one
host never apply to another (mirroring 1.7; user-needs P27, G21).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.proxy import Proxies


@dataclass(frozen=True)
class HostSettings:
    """How to talk to one host.

    verify: check the server's certificate and name.
    ca_path: a PEM file, or a directory of them, trusted in addition to the system's authorities.
    client_cert, client_key: PEM files; the key may be in the certificate's file.
    plain_http: the host is spoken to without TLS; TLS is used when it turns out to ask for it.
    proxy: URL of a proxy, empty for none; None takes what `Settings.proxies` says.
    """

    verify: bool = True
    ca_path: str = ""
    client_cert: str = ""
    client_key: str = ""
    plain_http: bool = False
    proxy: str | None = None


@dataclass(frozen=True)
class Timeouts:
    """Seconds.

    connect: to connect, and again for the TLS handshake.
    stall: of silence while an answer or a body is on its way; also the window in which at least 1 KiB/s must arrive.
    answer: the most until the answer to an upload or a push, which registries may take long to check; a manifest, and what no
        answer of this host has taken longer for, are waited for no longer than `stall`.
    """

    connect: float = 10.0
    stall: float = 60.0
    answer: float = 300.0


@dataclass(frozen=True)
class Retries:
    """A failed request is made again `times` times, after `delay` seconds that double up to `max_delay`, with some jitter.

    max_wait: the longest `Retry-After` that is waited for, in seconds.
    """

    times: int = 7
    delay: float = 1.0
    max_delay: float = 30.0
    max_wait: float = 600.0


@dataclass(frozen=True)
class Settings:
    """hosts: by `host` or `host:port`, lower case; the more exact name wins.  parallel: requests at once to one host."""

    default: HostSettings = HostSettings()
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    proxies: Proxies = Proxies()
    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()
    parallel: int = 16

    def host(self, name: str, port: int) -> HostSettings:
        """The settings of a host, by its name without brackets and its port."""
        return self._own(name, port) or self.default

    def names(self, name: str, port: int) -> bool:
        """Whether there are settings for this host itself."""
        return self._own(name, port) is not None

    def _own(self, name: str, port: int) -> HostSettings | None:
        bare = f"[{name}]" if ":" in name else name
        return self.hosts.get(f"{bare}:{port}") or self.hosts.get(bare)

    @classmethod
    def of(cls, document: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """From plain data, the proxies from `environ` where the data has none.

        Keys: those of HostSettings (the default for all hosts), `hosts` (host[:port] to the same keys),
        `timeouts`, `retries`, `parallel`, `http_proxy`, `https_proxy`, `no_proxy`.  Raises InputError with the key's path.
        """
        given = dict(_mapping({} if document is None else document, "connection settings"))
        own = {key: given.pop(key) for key in _names(HostSettings) if key in given}
        default = _build(HostSettings, own, HostSettings(), "")
        hosts = _mapping(given.pop("hosts", None) or {}, "hosts")
        proxies = Proxies.of(
            {key: _text(given.pop(key, None), key) for key in ("http_proxy", "https_proxy", "no_proxy")},
            environ or {},
        )
        settings = cls(
            default=default,
            hosts={_host_name(name): _build(HostSettings, value, default, f"hosts.{name}") for name, value in hosts.items()},
            proxies=proxies,
            timeouts=_build(Timeouts, given.pop("timeouts", None) or {}, Timeouts(), "timeouts"),
            retries=_build(Retries, given.pop("retries", None) or {}, Retries(), "retries"),
            parallel=_number(given.pop("parallel", 16), "parallel", int, 1),
        )
        if given:
            allowed = (*_names(HostSettings), "hosts", "timeouts", "retries", "parallel", "http_proxy", "https_proxy", "no_proxy")
            raise _unknown(given, allowed, "")
        return settings


def _names(shape: Any) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(shape))


def _build(shape: Any, given: Any, base: Any, path: str) -> Any:
    """`base` with what `given` says, each value checked against the type of the one it replaces."""
    values: dict[str, Any] = {}
    prefix = f"{path}." if path else ""
    document = _mapping(given, path)
    unknown = {key: value for key, value in document.items() if key not in _names(shape)}
    if unknown:
        raise _unknown(unknown, _names(shape), path)
    for key, value in document.items():
        if value is None:
            continue
        sample = getattr(shape(), key)
        if isinstance(sample, bool):
            values[key] = _flag(value, prefix + key)
        elif isinstance(sample, (int, float)):
            values[key] = _number(value, prefix + key, type(sample), 0)
        else:
            values[key] = _text(value, prefix + key)
    return replace(base, **values)


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{path} must be a mapping", subject=path)
    return value


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{path} must be true or false, not {value!r:.60}", subject=path)
    return value


def _number(value: Any, path: str, kind: Any, least: int) -> Any:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value < 1e9
    if not good or (kind is int and value != int(value)) or (kind is float and value == 0):
        wanted = "a whole number" if kind is int else "a number of seconds above 0"
        raise InputError(f"{path} must be {wanted}{f', {least} or more' if kind is int else ''}, not {value!r:.60}", subject=path)
    return kind(value)


def _text(value: Any, path: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InputError(f"{path} must be text, not {value!r:.60}", subject=path)
    return value


def _host_name(name: str) -> str:
    if not name or "/" in name or "@" in name or any(character.isspace() for character in name):
        raise InputError(f"hosts: {name!r:.100} is not host or host:port", subject="hosts")
    return name.lower()


def _unknown(given: Mapping[str, Any], allowed: tuple[str, ...], path: str) -> InputError:
    where = f" in {path}" if path else ""
    return InputError(
        f"unknown connection setting{where}: {', '.join(sorted(given))}", subject=path, advice=f"Allowed are {', '.join(sorted(allowed))}."
    )
