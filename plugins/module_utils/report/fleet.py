# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the reports of many hosts say, one host a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import SCHEMA

QUESTIONS = 3
_VERDICTS = ("good", "warn", "bad")


@dataclass(frozen=True)
class Told:
    """One of the three answers."""

    verdict: str
    text: str


@dataclass(frozen=True)
class Host:
    """name: of the folder that its report was fetched to.  problem: why it cannot be read; empty when it can."""

    name: str
    destination: str = ""
    generated: str = ""
    state: str = ""
    answers: tuple[Told, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    size: int = 0
    problem: str = ""

    @classmethod
    def of(cls, name: str, document: Any) -> Host:
        """From the value of its report, which came from another host: each member is checked.  Raises InputError."""
        shape = Shape(document)
        if shape.member("schema").text() != SCHEMA:
            shape.refuse(f"is not a report of schema {SCHEMA}")
        counts = shape.member("counts")
        return cls(
            name,
            destination=shape.member("destination").text(),
            generated=shape.member("generated").text(),
            state=shape.member("state").text(),
            answers=tuple(_told(item) for item in shape.member("answers").items()[:QUESTIONS]),
            counts={key: counts.member(key).number() for key in ("images", "releases", "packages", "failures")},
            size=shape.member("sizes").member("total").number(),
        )


def _told(shape: Shape) -> Told:
    verdict = shape.member("verdict").text()
    return Told(verdict if verdict in _VERDICTS else "warn", shape.member("text").text())


def worst(host: Host) -> int:
    """0 for a host that is right and has nothing to do, up to 2."""
    return 2 if host.problem else max((_VERDICTS.index(told.verdict) for told in host.answers), default=2)


def state_of(hosts: Sequence[Host]) -> str:
    return "complete" if all(not host.problem and host.state == "complete" for host in hosts) else "incomplete"
