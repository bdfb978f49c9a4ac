# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Chart repositories: what their index offers, and the version that is meant (mirroring 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents

# An index of a large public repository has some twenty megabytes.
# What is read of each version; the rest (descriptions, maintainers, icons) is most of an index.
_KEYS = frozenset(("version", "urls", "digest", "type"))


@dataclass(frozen=True)
class Offer:
    """One version of a chart in an index.  digest: sha256 hex of the archive, empty when the index does not say."""

    name: str
    version: str
    urls: tuple[str, ...]
    digest: str = ""
    is_library: bool = False


def index_url(url: str) -> str:
    """`<repository>/index.yaml`, whether the repository's URL ends in a slash or not."""
    return url if url.endswith("/index.yaml") else url.rstrip("/") + "/index.yaml"


def read_index(content: bytes, url: str) -> dict[str, tuple[Offer, ...]]:
    """Offers by chart name, newest first.  Raises InputError when it is no chart index, or too large."""
    entries = documents.members(content, url, limits.CHART_INDEX, "entries", _KEYS)
    if entries is None:
        raise InputError(
            "this is not the index of a chart repository",
            subject=url,
            advice="The URL must be that of the directory that holds index.yaml.",
        )
    base = url[: -len("index.yaml")]
    return {str(name): newest_first(_offers(str(name), versions, base)) for name, versions in entries.items()}


def choose(offers: tuple[Offer, ...], name: str, version: str, url: str) -> Offer:
    """The version that is asked for, with or without a leading v; the newest release when none is.

    Raises NotFound naming the nearest versions.
    """
    if not offers:
        raise NotFound(f"the repository {url} has no chart {name}", subject=name)
    if not version:
        released = [offer for offer in offers if not _is_prerelease(offer.version)]
        return (released or list(offers))[0]
    wanted = version.lstrip("v")
    for offer in offers:
        if offer.version.lstrip("v") == wanted:
            return offer
    known = ", ".join(offer.version for offer in offers[:5])
    raise NotFound(
        f"the repository {url} has no version {version} of the chart {name}", subject=name, advice=f"Its newest versions are {known}."
    )


def _offers(name: str, versions: Any, base: str) -> list[Offer]:
    offers = []
    for entry in versions if isinstance(versions, list) else []:
        if isinstance(entry, dict) and entry.get("version") and isinstance(entry.get("urls"), list):
            offers.append(
                Offer(
                    name=name,
                    version=str(entry["version"]),
                    urls=tuple(_address(base, str(url)) for url in entry["urls"]),
                    digest=str(entry.get("digest") or "").replace("sha256:", ""),
                    is_library=entry.get("type") == "library",
                )
            )
    return offers


def _address(base: str, url: str) -> str:
    """What cannot be joined is left as it is: nothing is fetched from there."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def _version(text: str) -> Version | None:
    try:
        return Version.parse_lenient(text)
    except InputError:
        return None


def _is_prerelease(text: str) -> bool:
    version = _version(text)
    return version is None or bool(version.prerelease)


def newest_first(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Offers in the order in which they are preferred; texts that are no versions come last, by name."""
    offers = list(offers)
    versions = [(version, offer) for offer in offers for version in [_version(offer.version)] if version is not None]
    others = [offer for offer in offers if _version(offer.version) is None]
    newest = sorted(versions, key=lambda pair: (pair[0].key, pair[1].version), reverse=True)
    return (*(offer for _key, offer in newest), *sorted(others, key=lambda offer: offer.version))
