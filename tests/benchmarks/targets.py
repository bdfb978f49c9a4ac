# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine is to reach: ratios to the best configuration of a peer in the same run, and hard figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ansible_collections.disconnected.mirror.tests.benchmarks.measure import Sample
from ansible_collections.disconnected.mirror.tests.benchmarks.tools import LAYOUT, OURS, PINNED

COLD = "cold"
UNCHANGED = "unchanged"

Samples = Mapping[tuple[str, str], Sequence[Sample]]


@dataclass(frozen=True)
class Target:
    """figure: an attribute of `Sample`.  peers: whose best median is the measure; none: `most` is absolute.

    base: a figure of the case (images, repositories, bytes in MiB) by which an absolute figure is divided.
    """

    tool: str
    phase: str
    figure: str
    most: float
    peers: tuple[str, ...] = ()
    base: str = ""


@dataclass(frozen=True)
class Case:
    """tls: both registries have it.  memory: they keep all in memory, and are distribution otherwise."""

    name: str
    preset: str
    tools: tuple[str, ...]
    targets: tuple[Target, ...]
    tls: bool = False
    memory: bool = False


_CRANES = ("crane", "crane-all", "crane-all-4")
_SKOPEOS = ("skopeo", "skopeo-sync")
# MiB over the bare interpreter.
_MEMORY = Target(OURS, COLD, "memory", 64, base="interpreter")

CASES: tuple[Case, ...] = (
    Case(
        "release-like",
        "release-like",
        (OURS, PINNED, "crane", "skopeo-sync"),
        (
            Target(OURS, COLD, "wall", 0.55, _CRANES),
            Target(OURS, COLD, "wall", 0.45, _SKOPEOS),
            Target(OURS, COLD, "cpu", 0.45, _CRANES),
            Target(OURS, COLD, "requests", 0.45, _CRANES),
            Target(OURS, COLD, "read", 1.02, base="bytes"),
            Target(OURS, UNCHANGED, "wall", 0.7, _CRANES),
            Target(OURS, UNCHANGED, "wall", 0.2, _SKOPEOS),
            Target(OURS, UNCHANGED, "requests", 2.0, base="images"),
            Target(PINNED, UNCHANGED, "wall", 0.15, _CRANES),
            Target(PINNED, UNCHANGED, "wall", 0.1, _SKOPEOS),
            Target(PINNED, UNCHANGED, "requests", 1.0, base="repositories"),
            _MEMORY,
        ),
    ),
    Case(
        "one-repository",
        "one-repository",
        (OURS, "crane-all", "skopeo-sync"),
        (
            Target(OURS, COLD, "wall", 1.0, _CRANES),
            Target(OURS, COLD, "wall", 0.35, _SKOPEOS),
            Target(OURS, COLD, "requests", 0.65, _CRANES),
            _MEMORY,
        ),
    ),
    Case(
        "many-small",
        "many-small",
        (OURS, PINNED, "crane-all-4", "skopeo-sync"),
        (
            Target(OURS, COLD, "wall", 0.7, _CRANES),
            Target(OURS, COLD, "wall", 0.2, _SKOPEOS),
            Target(OURS, COLD, "requests", 0.55, _CRANES),
            Target(OURS, COLD, "tool_cpu", 0.6, _CRANES),
            Target(OURS, UNCHANGED, "wall", 0.7, _CRANES),
            Target(OURS, UNCHANGED, "wall", 0.2, _SKOPEOS),
            Target(PINNED, UNCHANGED, "wall", 0.15, _CRANES),
            Target(PINNED, UNCHANGED, "wall", 0.1, _SKOPEOS),
            Target(PINNED, UNCHANGED, "requests", 1.0, base="repositories"),
            _MEMORY,
        ),
    ),
    # Registries that cost next to nothing: what is left is the tool.
    Case(
        "in-memory",
        "two-layers",
        (OURS, "crane-all-4", "skopeo-sync"),
        (
            Target(OURS, COLD, "wall", 0.4, ("skopeo-sync",)),
            Target(OURS, COLD, "tool_cpu", 0.4, ("skopeo-sync",)),
            Target(OURS, UNCHANGED, "wall", 0.4, ("skopeo-sync",)),
            _MEMORY,
        ),
        memory=True,
    ),
    Case(
        "few-large",
        "few-large",
        (OURS, "crane", "skopeo"),
        (
            Target(OURS, COLD, "wall", 1.0, _CRANES),
            Target(OURS, COLD, "wall", 1.0, _SKOPEOS),
            Target(OURS, COLD, "tool_cpu", 0.9, _CRANES),
            _MEMORY,
        ),
    ),
    Case(
        "few-large-tls",
        "few-large",
        (OURS, "crane", "skopeo"),
        (Target(OURS, COLD, "wall", 1.0, _CRANES), Target(OURS, COLD, "wall", 1.0, _SKOPEOS), Target(OURS, COLD, "tool_cpu", 0.9, _CRANES)),
        tls=True,
    ),
    Case(
        "to-disk",
        "release-like",
        (LAYOUT, "crane-layout", "skopeo-layout"),
        (
            Target(LAYOUT, COLD, "wall", 0.5, ("crane-layout",)),
            Target(LAYOUT, COLD, "wall", 0.4, ("skopeo-layout",)),
            Target(LAYOUT, COLD, "requests_at_source", 0.5, ("crane-layout",)),
            Target(LAYOUT, UNCHANGED, "wall", 0.1, ("crane-layout",)),
            Target(LAYOUT, UNCHANGED, "wall", 0.1, ("skopeo-layout",)),
        ),
    ),
    Case("smoke", "smoke", (OURS, PINNED, LAYOUT, "crane", "skopeo"), (Target(OURS, COLD, "requests", 0.6, _CRANES), _MEMORY)),
)


@dataclass(frozen=True)
class Verdict:
    target: Target
    value: float
    against: str

    @property
    def met(self) -> bool:
        return self.value <= self.target.most


def verdicts(case: Case, samples: Samples, figures: Mapping[str, float]) -> list[Verdict]:
    """Each target for which there is something to compare with."""
    found = []
    for target in case.targets:
        value = _middle(samples.get((target.tool, target.phase), ()), target.figure)
        if value is None:
            continue
        if target.base == "interpreter":
            found.append(Verdict(target, value - figures["interpreter"], "over the interpreter, MiB"))
        elif target.base:
            found.append(Verdict(target, value / figures[target.base], f"per {target.base}"))
        else:
            best = _best(target, samples)
            if best is not None:
                found.append(Verdict(target, value / best[1] if best[1] else 0.0, f"of {best[0]}"))
    return found


def _best(target: Target, samples: Samples) -> tuple[str, float] | None:
    medians: dict[str, float] = {}
    for peer in target.peers:
        value = _middle(samples.get((peer, target.phase), ()), target.figure)
        if value is not None:
            medians[peer] = value
    return min(medians.items(), key=lambda entry: entry[1]) if medians else None


def _middle(samples: Sequence[Sample], figure: str) -> float | None:
    good = [getattr(sample, figure) for sample in samples if sample.status == 0]
    return float(median(good)) if good else None
