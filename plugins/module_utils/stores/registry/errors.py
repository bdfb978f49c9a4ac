# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a registry refused, in words: its host, the object, its own codes, and what to do."""

from __future__ import annotations

import re

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    CorruptContent,
    MirrorError,
    NotFound,
    RegistryError,
    Unreachable,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import RETRIED
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth import DEPTH_ADVICE
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST = 300
# What registries answer to a name that is deeper than they take.
_LIMITED = frozenset((400, 401, 403, 404))
_INCOMPLETE = frozenset(("MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"))

_ADVICE: dict[str, str] = {
    "NAME_UNKNOWN": "The repository or its project may have to be created first.",
    "NAME_INVALID": "The registry may limit the depth or the characters of repository names: see max_nested_paths.",
    "DENIED": "Check that the credentials allow this, and that the repository's project exists.",
    "TOOMANYREQUESTS": "Lower the number of parallel images, or try again later.",
    "UNSUPPORTED": "The registry is set up without this operation.",
    "MANIFEST_INVALID": "The registry may not accept manifests of this media type, or an index without all of its images.",
}
_STATUS_ADVICE: dict[int, str] = {
    403: _ADVICE["DENIED"],
    405: _ADVICE["UNSUPPORTED"],
    413: "A proxy in front of the registry limits the size of requests: raise its limit (client_max_body_size in nginx).",
    415: "The registry does not accept this media type; zot needs http.compat: [docker2s2] for images in Docker's format.",
    429: _ADVICE["TOOMANYREQUESTS"],
    507: "The registry is out of space or over its quota.",
}


def codes(response: Response) -> tuple[str, ...]:
    """The error codes of an OCI error document, upper case; none for any other body."""
    return tuple(code for code, _message in _errors(response) if code)


def refusal(response: Response, host: str, subject: str, action: str) -> MirrorError:
    """The error for an answer that is not what was asked for.

    subject: the object, such as `quay.io/team/app:1.0`.  action: what was attempted, such as `push the manifest`.
    """
    found = codes(response)
    advice = next((_ADVICE[code] for code in found if code in _ADVICE), _STATUS_ADVICE.get(response.status, ""))
    told = summary(response)
    return _kind(response, found)(
        f"{host} refused to {action}: {response.status}{f' ({told})' if told else ''}",
        subject=subject,
        host=host,
        status=response.status,
        advice=advice,
    )


def push_refusal(response: Response, host: str, subject: str, action: str, index: bool = False) -> MirrorError:
    """`refusal` of something that was to be put there, with advice on what registries limit (user-needs, section 2).

    subject: `host/repository`, with a tag or digest.  index: whether it is a list of images.
    """
    error = refusal(response, host, subject, action)
    absent = _ADVICE["NAME_UNKNOWN"] if response.status == 404 else ""
    error.advice = _push_advice(response, index) or error.advice or absent
    repository = subject[len(host) + 1 :].partition("@")[0].partition(":")[0]
    if response.status in _LIMITED and is_deep(repository) and DEPTH_ADVICE not in error.advice:
        error.advice = f"{error.advice} {DEPTH_ADVICE}".strip()
    return error


def is_deep(repository: str) -> bool:
    """Whether a repository's name has more parts than every registry takes."""
    return repository.count("/") > 1


def _push_advice(response: Response, index: bool) -> str:
    found, told = codes(response), summary(response).lower()
    if index and _INCOMPLETE.intersection(found):
        return "The registry accepts an index only with all of its instances: mirror all platforms of this image."
    if response.status == 405:
        return "The registry accepts no pushes: it is read-only, or a cache of another one."
    if "immutable" in told or "TAG_INVALID" in found:
        return "The registry does not let this tag move: allow that for the repository, or remove the tag there."
    if "quota" in told:
        return "The registry's quota is used up: raise it, or free space there."
    return ""


def summary(response: Response) -> str:
    """What the registry said, on one line: its codes and messages, a page's title, or the beginning of a text."""
    errors = _errors(response)
    if errors:
        text = "; ".join(": ".join(part for part in error if part) for error in errors)
    else:
        text = response.body[:4096].decode("utf-8", "replace")
        title = _TITLE.search(text)
        if title:
            text = title.group(1)
        elif "html" in response.headers.get("content-type", "").lower() or text.lstrip().startswith("<"):
            text = ""
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _errors(response: Response) -> list[tuple[str, str]]:
    if not response.body[:64].lstrip().startswith(b"{"):
        return []
    try:
        entries = json_values.parse(response.body, limits.SMALL).get("errors")
    except (ValueError, AttributeError):
        return []
    if not isinstance(entries, list):
        return []
    found = [entry for entry in entries[:5] if isinstance(entry, dict)]
    return [(str(entry.get("code") or "").upper()[:60], str(entry.get("message") or "")) for entry in found]


def _kind(response: Response, found: tuple[str, ...]) -> type[MirrorError]:
    if response.status in (401, 403):
        return AccessDenied
    if response.status == 400 and ("DIGEST_INVALID" in found or "SIZE_INVALID" in found):
        return CorruptContent
    if response.status in (404, 410):
        return NotFound
    if response.status == 405 or "UNSUPPORTED" in found:
        return Unsupported
    return Unreachable if response.status in RETRIED else RegistryError
