# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source, a destination or a proxy that is not there: told soon, once, with its name and what to do, at the default settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.scripted import starting
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

COUNT = 8

scripted = pytest.fixture(starting)


def request(folder: Any, source: str, target: str, settings: dict[str, Any], credentials: Any = None) -> MirrorRequest:
    """Eight images, and no setting but those that loopback needs."""
    document = {
        "apiVersion": "mirror.openshift.io/v2alpha1",
        "kind": "ImageSetConfiguration",
        "mirror": {"additionalImages": [{"name": f"{source}/team/app{number}:1"} for number in range(COUNT)]},
    }
    connections = Connections(credentials=credentials or {}, settings={"plain_http": True, **settings})
    planning = PlanSource(Workspace(str(folder)), imageset=document, connections=connections)
    return MirrorRequest(planning, Destination.parse(f"docker://{target}/mirror"))


@pytest.fixture
def ends() -> Iterator[tuple[FakeRegistry, FakeRegistry, str]]:
    """A source, a destination, and where nobody listens."""
    with FakeRegistry() as gone:
        nobody = gone.host
    with FakeRegistry() as source, FakeRegistry() as target:
        for number in range(COUNT):
            images.put(images.image(f"app {number}"), source.content, f"team/app{number}", "1")
        yield source, target, nobody


def timed(work: Any) -> tuple[Any, float]:
    began = time.monotonic()
    try:
        return work(), time.monotonic() - began
    except (Unreachable, AccessDenied) as error:
        return error, time.monotonic() - began


def test_it_is_told_within_twenty_seconds(ends: Any, tmp_path: Any) -> None:
    source, target, nobody = ends
    proxied = {"http_proxy": f"http://{nobody}", "https_proxy": f"http://{nobody}", "no_proxy": target.host}
    requests = {
        "source": request(tmp_path / "source", nobody, target.host, {}),
        "proxy": request(tmp_path / "proxy", "registry.example.com", target.host, proxied),
        "destination": request(tmp_path / "destination", source.host, nobody, {}),
    }
    with ThreadPoolExecutor(3) as pool:
        told = dict(zip(requests, pool.map(lambda each: timed(lambda: mirror(each, {})), requests.values())))
    assert all(seconds < 20 for _outcome, seconds in told.values()), told
    for name in ("source", "proxy"):
        run = told[name][0]
        assert len(run.failures) == COUNT
        problem = problem_of(run.failures, "The mirror")
        assert problem.count(nobody) == 1 + (name == "source") and f"{COUNT - 1} more" in problem
        assert ("no_proxy" if name == "proxy" else "Check its name and port") in problem
    error = told["destination"][0]
    assert isinstance(error, Unreachable) and nobody in str(error) and "Check its name and port" in str(error)
    # Nothing was planned for a destination that is not there.
    assert source.ledger.count() == 0


def test_an_end_that_takes_connections_and_says_nothing_is_told_within_twenty_seconds(ends: Any, tmp_path: Any, scripted: Any) -> None:
    source, target, _nobody = ends
    silent = scripted(lambda connection, number, head: None)
    proxied = {"http_proxy": silent.url, "no_proxy": target.host}
    requests = {
        "source": request(tmp_path / "source", silent.host, target.host, {}),
        "proxy": request(tmp_path / "proxy", "registry.example.com", target.host, proxied),
        "destination": request(tmp_path / "destination", source.host, silent.host, {}),
    }
    with ThreadPoolExecutor(3) as pool:
        told = dict(zip(requests, pool.map(lambda each: timed(lambda: mirror(each, {})), requests.values())))
    assert all(14 < seconds < 20 for _outcome, seconds in told.values()), told
    for name, advice in (("source", "listens there"), ("proxy", "no_proxy")):
        problem = problem_of(told[name][0].failures, "The mirror")
        assert silent.host in problem and "has not answered within 15 seconds" in problem and advice in problem
        assert f"{COUNT - 1} more" in problem
    assert isinstance(told["destination"][0], Unreachable) and "has not answered within 15 seconds" in str(told["destination"][0])


def test_refused_credentials_are_told_before_anything_is_planned(ends: Any, tmp_path: Any) -> None:
    source, _target, _nobody = ends
    with FakeRegistry(auth=Guard("basic", {"joe": "secret"})) as closed:
        login = {closed.host: {"username": "joe", "password": "wrong"}}
        error, seconds = timed(lambda: mirror(request(tmp_path, source.host, closed.host, {}, login), {}))
    assert isinstance(error, AccessDenied) and closed.host in str(error) and seconds < 5
    assert source.ledger.count() == 0
