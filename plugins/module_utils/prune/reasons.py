# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a plan wants an image for other reasons than those that are given up (user-needs P05).

An operator that goes shares images with operators that stay, a release with its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage

Reason = tuple[str, ...]

_OPERATOR = re.compile(r"operators\[(\d+)\]\Z")
_NUMBER = re.compile(r"\[\d+\].*")
# What leads to a release of a channel: the entry, the channel, and how it was chosen.
_CHANNEL = 3


class Reasons:
    """Why a plan wants each content at each place."""

    def __init__(self, plan: Plan) -> None:
        self._config = plan.config
        self._images: dict[tuple[str, str], list[PlanImage]] = {}
        for image in plan.images:
            self._images.setdefault((image.destination, image.digest), []).append(image)

    def of(self, image: PlanImage) -> frozenset[Reason]:
        same = self._images.get((image.destination, image.digest), ())
        return frozenset((*_essence(chain, self._config), f"({other.origin})") for other in same for chain in other.why)


def still_wanted(image: PlanImage, given_up: Reasons, wanted: Reasons) -> tuple[Reason, ...]:
    """Reasons for which a plan wants this content at this place, and which what is given up does not name.  Sorted."""
    return tuple(sorted(wanted.of(image) - given_up.of(image)))


def _essence(chain: Reason, config: dict[str, Any]) -> Reason:
    """A chain without positions in the configuration, so that two configurations can be compared."""
    if not chain:
        return ()
    first = chain[0]
    operator = _OPERATOR.match(first)
    if operator:
        return (_catalog(config, int(operator.group(1))), *chain[1:])
    if first.startswith("platform.channels"):
        return ("platform", *chain[_CHANNEL:])
    if first == "platform.release":
        return ("platform", *chain[1:])
    return (_NUMBER.sub("", first), *chain[1:])


def _catalog(config: dict[str, Any], number: int) -> str:
    stanza = config.get("mirror") or config.get("delete") or {}
    operators: Sequence[dict[str, Any]] = stanza.get("operators") or []
    return str(operators[number].get("catalog")) if number < len(operators) else f"operators[{number}]"


def told(reasons: Sequence[Reason]) -> str:
    """One sentence's part about the first reasons."""
    texts: list[str] = [" > ".join(reason) for reason in reasons[:2]]
    return " and ".join(texts) + (f" and {len(reasons) - 2} more" if len(reasons) > 2 else "")
