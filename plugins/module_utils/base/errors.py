# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one family of errors that the core raises.

Every error says what was attempted, on which object, and what to do about it.  A face
(module or command) catches `MirrorError` once; anything else is a fault of this project
and keeps its traceback.  An error becomes data with `Failure.of`, so that one image's
failure never stops the others.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import masked


class MirrorError(Exception):
    """Something the user can act on.

    message: what was attempted and what went wrong, one sentence; secrets in it are masked (see base.secret).
    subject: the object it happened to (a reference, a file, a key path).
    advice: what to do next; may be empty.
    host, status: where an HTTP exchange took part; status 0 when none was received.
    """

    code = "error"

    def __init__(self, message: str, *, subject: str = "", advice: str = "", host: str = "", status: int = 0, attempts: int = 1) -> None:
        # What is quoted is often what somebody else wrote.
        super().__init__(masked(message))
        self.message = masked(message)
        self.subject = masked(subject)
        self.advice = advice
        self.host = host
        self.status = status
        self.attempts = attempts

    def __str__(self) -> str:
        text = f"{self.subject}: {self.message}" if self.subject and self.subject not in self.message else self.message
        if not self.advice:
            return text
        return f"{text} {self.advice}" if text.endswith((".", "!", "?")) else f"{text}. {self.advice}"


class InputError(MirrorError):
    """What the user wrote cannot be used (configuration, option, reference)."""

    code = "invalid_input"


class NotFound(MirrorError):
    """The store answered that it does not have the object."""

    code = "not_found"


class AccessDenied(MirrorError):
    """Credentials were missing, refused, or do not allow the operation."""

    code = "access_denied"


class Unsupported(MirrorError):
    """The object or the operation is understood, and not possible here."""

    code = "unsupported"


class CorruptContent(MirrorError):
    """Bytes do not have the digest or the size that names them."""

    code = "corrupt_content"


class Unreachable(MirrorError):
    """The other side did not answer, after all retries."""

    code = "unreachable"


class RegistryError(MirrorError):
    """A registry answered with an error that no retry cures."""

    code = "registry_error"


class ClusterError(MirrorError):
    """A cluster refuses something, or answers what cannot be used."""

    code = "cluster_error"


class StorageError(MirrorError):
    """A local file could not be read or written (full, read-only, missing)."""

    code = "storage_error"


class Locked(MirrorError):
    """Another run holds the workspace."""

    code = "locked"


class Cancelled(MirrorError):
    """The run was asked to stop; what is done so far is kept."""

    code = "cancelled"


class Incompatible(MirrorError):
    """A document or archive of another version, or of another set."""

    code = "incompatible"


# Between the links of a chain of reasons.
_STEP = " > "


@dataclass(frozen=True)
class Failure:
    """One failed object, as data: the entry of `failures[]` in plans and results.

    category: release, operator, additional or helm (what the object was wanted for).
    subject: the object that failed (the image's origin where there is one).
    wanted_by: why it is wanted, each chain of reasons as one text (`operators[0] > package > bundle`); none where that is not known.
    """

    code: str
    message: str
    subject: str
    category: str = ""
    host: str = ""
    status: int = 0
    attempts: int = 1
    advice: str = ""
    wanted_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Documents have lists.
        object.__setattr__(self, "wanted_by", tuple(self.wanted_by))

    @property
    def entries(self) -> frozenset[str]:
        """The entries of the configuration that want the object."""
        return frozenset(text.partition(_STEP)[0] for text in self.wanted_by)

    @property
    def links(self) -> frozenset[str]:
        """All links of its chains of reasons."""
        return frozenset(link for text in self.wanted_by for link in text.split(_STEP))

    @staticmethod
    def chains(why: Iterable[Sequence[str]]) -> tuple[str, ...]:
        """Chains of reasons, as plans have them, in the form of `wanted_by`."""
        return tuple(_STEP.join(chain) for chain in why)

    @classmethod
    def of(cls, error: MirrorError, subject: str = "", category: str = "", why: Iterable[Sequence[str]] = ()) -> Failure:
        """The value of an error, for the given object.  why: chains of reasons, as plans have them."""
        return cls(
            code=error.code,
            message=error.message,
            subject=subject or error.subject,
            category=category,
            host=error.host,
            status=error.status,
            attempts=error.attempts,
            advice=error.advice,
            wanted_by=cls.chains(why),
        )

    def document(self) -> dict[str, Any]:
        """A JSON-ready mapping, empty members left out."""
        return {key: value for key, value in {**asdict(self), "wanted_by": list(self.wanted_by)}.items() if value not in ("", 0, [])}


# What hosts as a whole have; the rest is about one object.
_OF_HOSTS = frozenset((AccessDenied.code, RegistryError.code, Unreachable.code))


def fault_of(failure: Mapping[str, Any]) -> tuple[Any, ...]:
    """What failures (documents of `Failure`) have in common when one fault of a host is the reason for all of them.

    A host that cannot be reached, or that takes no login, is one fault, whatever was wanted of it; so is what it answers alike for
    many objects (overloaded, forbidden, broken).  What one object alone can have, such as not being there, is a fault of its own.
    """
    host, code, status = failure.get("host"), failure.get("code"), failure.get("status")
    if not host or code not in _OF_HOSTS:
        return (code, failure.get("subject"), failure.get("message"))
    if code == Unreachable.code or status == 401:
        return (host, code)
    return (host, code, failure.get("message"))


def not_allowed(failures: Iterable[Failure], patterns: Iterable[str]) -> list[Failure]:
    """The failures whose object no shell pattern matches."""
    patterns = tuple(patterns)
    return [failure for failure in failures if not any(fnmatch.fnmatchcase(failure.subject, pattern) for pattern in patterns)]
