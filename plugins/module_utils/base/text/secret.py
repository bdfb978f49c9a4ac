# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Secrets in places where none belongs: in URLs, in names of images and of registries, in queries.

People write `https://user:password@host`, with or without the scheme, and paste links with a token in them.  Whatever text of
theirs is repeated, in an error, a warning or a result, goes through here first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

HIDDEN = "***"

_WORD = re.compile(r"[^\s\"'<>]+")
# What follows the at sign in a name that is pinned, which is no host.
_DIGEST = re.compile(r"sha[0-9]+:|blake[0-9a-z]+:|md5:", re.IGNORECASE)
_PARAMETER = re.compile(r"[?&;#]([^=&;#?]+)=([^&;#]+)")
_SECRET_NAME = re.compile(r"token|secret|passw|pwd|key|sig|auth|cred|jwt|session", re.IGNORECASE)
# A name whose password says that the name is the secret.
_NO_PASSWORDS = ("", "x-oauth-basic", "x-token-auth")


class _Place(NamedTuple):
    """Where in a text something is to be hidden, and what of it is the secret itself."""

    start: int
    end: int
    secret: str


def masked(text: str) -> str:
    """A text without the secrets in it."""
    if "@" not in text and "=" not in text:
        return text
    pieces, done = [], 0
    for place in _places(text):
        pieces += [text[done : place.start], HIDDEN]
        done = place.end
    return "".join(pieces) + text[done:]


def secrets(text: str, authority: bool = False) -> set[str]:
    """Every secret in a text, as it stands there and decoded.

    authority: the text is [scheme://][user[:password]@]host and nothing else, as for proxies.
    """
    if authority:
        place = _of_authority(text)
        places = [place] if place else []
    else:
        # A password may have blanks and quotes in it.
        whole = _of_name(text, 0)
        places = [*_places(text), *([whole] if whole else [])]
    return {form for place in places for form in (place.secret, unquote(place.secret)) if form}


def _places(text: str) -> list[_Place]:
    """In order, none of which reaches into another."""
    found = []
    for word in _WORD.finditer(text):
        end = 0
        place = _of_name(word.group(), word.start()) if "@" in word.group() else None
        if place:
            found.append(place)
            end = place.end
        found += [other for other in _of_query(word.group(), word.start()) if other.start >= end]
    return found


def _of_name(word: str, offset: int) -> _Place | None:
    """`user:password@` or, behind a scheme, `token@`; not the at sign of a digest, nor one of a path."""
    scheme = word.find("://")
    start = scheme + 3 if scheme >= 0 else 0
    at = word.rfind("@", start)
    while at >= 0 and _DIGEST.match(word, at + 1):
        at = word.rfind("@", start, at)
    user = word[start:at] if at > start else ""
    if not user or not (scheme >= 0 or ":" in user):
        return None
    host, slash, _path = user.partition("/")
    port = host.rpartition(":")[2]
    if slash and (":" not in host or port.isdigit() and len(port) <= 5):
        return None
    return _Place(offset + start, offset + at, _secret_of(user))


def _of_authority(text: str) -> _Place | None:
    scheme = text.find("://")
    start = scheme + 3 if scheme >= 0 else 0
    at = text.rfind("@", start)
    return _Place(start, at, _secret_of(text[start:at])) if at > start else None


def _secret_of(user: str) -> str:
    name, _colon, password = user.partition(":")
    return name if password in _NO_PASSWORDS else password


def _of_query(word: str, offset: int) -> Iterator[_Place]:
    for match in _PARAMETER.finditer(word):
        if _SECRET_NAME.search(match.group(1)):
            yield _Place(offset + match.start(2), offset + match.end(2), match.group(2))
