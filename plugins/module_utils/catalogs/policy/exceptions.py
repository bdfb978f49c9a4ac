# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Exceptions that end by themselves: bundles that may be left out until a day (user-needs P15)."""

from __future__ import annotations

import datetime
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError

OPTION = "catalog_exceptions"
_KEYS = ("image", "bundle", "until", "reason")


class ExceptionEnded(MirrorError):
    """An image is still not to be had, and the day until which that was accepted is over."""

    code = "exception_ended"


@dataclass(frozen=True)
class Waiver:
    """image, bundle: shell patterns of the reference as the bundle writes it, and of the bundle's name; empty for any.

    until: the last day on which it holds, in UTC.  reason: for people; may be empty.
    """

    image: str
    bundle: str
    until: datetime.date
    reason: str = ""

    def covers(self, image: str, bundle: str) -> bool:
        return all(fnmatch.fnmatchcase(text, pattern) for text, pattern in ((image, self.image), (bundle, self.bundle)) if pattern)

    def holds(self, day: datetime.date) -> bool:
        return day <= self.until

    def ended(self, problem: str) -> ExceptionEnded:
        """What is told of a problem that was accepted until now."""
        return ExceptionEnded(
            f"{problem}; {self} ended on {self.until}{self.because}",
            advice="Set another day, or leave the bundle out of the image set.",
        )

    def __str__(self) -> str:
        return f"the exception for {' of '.join(text for text in (self.image, self.bundle) if text)}"

    @property
    def because(self) -> str:
        return f" ({self.reason})" if self.reason else ""


def read(values: Any) -> tuple[Waiver, ...]:
    """The waivers of an option.  Raises InputError."""
    return tuple(_waiver(value, f"{OPTION}[{number}]") for number, value in enumerate(values or ()))


def today() -> datetime.date:
    return datetime.datetime.now(datetime.timezone.utc).date()


def covering(waivers: Sequence[Waiver], image: str, bundle: str) -> Waiver | None:
    """The waiver for an image of a bundle: of several the one that lasts longest, whether it holds or has ended."""
    return max((waiver for waiver in waivers if waiver.covers(image, bundle)), key=lambda waiver: waiver.until, default=None)


def _waiver(value: Any, place: str) -> Waiver:
    if not isinstance(value, Mapping) or set(value) - set(_KEYS):
        raise InputError("this is not an exception", subject=place, advice=f"Write a mapping with {_listed(_KEYS)}.")
    image, bundle, reason = (str(value.get(key) or "") for key in ("image", "bundle", "reason"))
    if not image and not bundle:
        raise InputError("the exception names neither an image nor a bundle", subject=place, advice="Give a pattern as image or bundle.")
    try:
        until = datetime.datetime.strptime(str(value.get("until") or ""), "%Y-%m-%d").date()
    except ValueError as error:
        raise InputError(
            f"until is {value.get('until')!r:.100}", subject=place, advice="Write the last day on which it holds as YYYY-MM-DD."
        ) from error
    return Waiver(image, bundle, until, reason)


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}"
