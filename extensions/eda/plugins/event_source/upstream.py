# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event source for ansible-rulebook: what is mirrored from has changed."""

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Watches update graphs, images and tags, and emits an event for each change
description:
  - Polls them once per interval with small requests. Update graphs are requested with their entity tag and images with HEAD, so that
    unchanged content is not downloaded where the server supports this. While nothing can be reached, it polls less often.
  - The first poll only records what is there. With O(state) the record survives restarts, and the next poll reports what has changed in the
    meantime.
  - Needs nothing but the collection and its Python packages.
  - The options for credentials, certificates and proxies are those of the modules of this collection.
options:
  channels:
    description: Channels of OpenShift whose update graphs are watched, such as V(stable-4.18).
    type: list
    elements: str
  architectures:
    description: Architectures whose update graphs are watched.
    type: list
    elements: str
    default: [amd64]
  images:
    description: Images with a tag whose digest is watched, such as operator catalogs.
    type: list
    elements: str
  repositories:
    description: Repositories whose tags are watched.
    type: list
    elements: str
  interval:
    description: Seconds between two polls, at least 60.
    type: int
    default: 3600
  jitter:
    description: Share of the interval by which each poll may come earlier or later, so that many watchers do not poll at the same time.
    type: float
    default: 0.1
  state:
    description: File that keeps what was seen, one for each rulebook activation. Without it a restart begins with a first poll.
    type: path
  update_url:
    description: Base URL of the update service.
    type: str
"""

EXAMPLES = r"""
- disconnected.mirror.upstream:
    channels: [stable-4.18]
    images: [registry.redhat.io/redhat/redhat-operator-index:v4.18]
    state: /var/lib/eda/upstream.json
"""

import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

# ansible-rulebook loads sources by their path, and does not make collections importable.
_COLLECTIONS = os.path.abspath(__file__).split(f"{os.sep}ansible_collections{os.sep}")[0]
if _COLLECTIONS not in sys.path:
    sys.path.append(_COLLECTIONS)

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import UPDATE_URL
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.watch import Looked, Watched, look, read, write

NAME = "disconnected.mirror.upstream"
# Seconds: no host is asked more often, and none is given up for longer.
SHORTEST, LONGEST = 60, 24 * 3600
LISTS = ("channels", "images", "repositories")
ARGUMENTS: dict[str, Any] = {
    **REGISTRY,
    **{name: {"type": "list", "elements": "str", "default": []} for name in LISTS},
    "architectures": {"type": "list", "elements": "str", "default": ["amd64"]},
    "interval": {"type": "int", "default": 3600},
    "jitter": {"type": "float", "default": 0.1},
    "state": {"type": "path"},
    "update_url": {"type": "str", "default": UPDATE_URL},
}
# What ansible-rulebook itself adds to the arguments.
_OF_RULEBOOK = ("filters", "feedback_queue", "eda_source_name", "eda_feedback_queue")
_log = logging.getLogger(NAME)


async def main(queue: asyncio.Queue, args: Mapping[str, Any]) -> None:
    """Puts an event on the queue for each change, until it is cancelled.  Raises ValueError for arguments that are wrong."""
    params = arguments(args)
    watched, state = watched_by(params), params["state"] or ""
    memory, looked = remembered(state)
    failures = 0
    # A source that is started again and again asks no more often than one that runs.
    wait = min(max(looked + params["interval"] - time.time(), 0.0), params["interval"]) if memory else 0.0
    while True:
        await asyncio.sleep(wait)
        found = await _look(watched, memory)
        for change in found.changes:
            _log.info("%s", change.summary)
            await queue.put({"source": NAME, **change.document()})
        memory = found.memory
        if state:
            await asyncio.to_thread(write, state, memory, time.time())
        failures = failures + 1 if found.failed == len(memory) else 0
        wait = pause(params["interval"], params["jitter"], failures, random.random())


def arguments(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with their defaults.  Raises ValueError."""
    given = {key: value for key, value in args.items() if key not in _OF_RULEBOOK}
    checked = ArgumentSpecValidator(ARGUMENTS).validate(given)
    if checked.unsupported_parameters:
        raise ValueError(f"{NAME}: there is no argument {', '.join(map(str, sorted(checked.unsupported_parameters)))}")
    if checked.error_messages:
        raise ValueError(f"{NAME}: {checked.error_messages[0]}")
    params = dict(checked.validated_parameters)
    if params["interval"] < SHORTEST or not 0 <= params["jitter"] <= 1:
        raise ValueError(f"{NAME}: interval is at least {SHORTEST} seconds, and jitter from 0 to 1")
    return params


def watched_by(params: Mapping[str, Any]) -> Watched:
    """Raises ValueError."""
    lists = {name: tuple(dict.fromkeys(params[name])) for name in (*LISTS, "architectures")}
    try:
        watched = Watched(**lists, update_url=params["update_url"], connections=connections(params))
        watched.check()
    except MirrorError as error:
        raise ValueError(f"{NAME}: {error.subject}: {error.message}. {error.advice}") from None
    return watched


def remembered(state: str) -> tuple[dict[str, Any], float]:
    """Raises ValueError for a file that holds something else."""
    try:
        return read(state) if state else ({}, 0.0)
    except MirrorError as error:
        raise ValueError(f"{NAME}: {error.subject}: {error.message}. {error.advice}") from None


def pause(interval: float, jitter: float, failures: int, chance: float) -> float:
    """Seconds until the next look.  failures: looks in a row at which nothing could be reached.  chance: from 0 to 1."""
    base = min(interval * 2 ** min(failures, 10), max(interval, LONGEST))
    return max(base * (1 + jitter * (2 * chance - 1)), SHORTEST)


async def _look(watched: Watched, memory: Mapping[str, Any]) -> Looked:
    """In a thread; when the source is cancelled, no request is begun any more."""
    network = watched.connections.open(
        os.environ, lambda host, reason, delay: _log.info("%s %s, next attempt in %.0f s", host, reason, delay)
    )
    try:
        return await asyncio.to_thread(look, watched, memory, network)
    except asyncio.CancelledError:
        network.cancel()
        raise
    finally:
        network.close()
