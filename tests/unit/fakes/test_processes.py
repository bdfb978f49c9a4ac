# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrappers of real registries: start, count, stop, start again."""

from __future__ import annotations

import http.client
import os

import pytest

from ansible_collections.disconnected.mirror.tests.fakes import processes

INSTALLED = [name for name in (*processes.DISTRIBUTION, "registry3") if processes.find([name])]


@pytest.mark.parametrize("name", INSTALLED or processes.DISTRIBUTION[:1])
def test_a_real_registry_starts_counts_and_stops(tmp_path, name):
    with processes.DistributionProcess(str(tmp_path), program=processes.require(name)) as registry:
        connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=5)
        connection.request("GET", "/v2/team/app/tags/list")
        assert connection.getresponse().status == 404
        connection.close()
        assert [(each.method, each.status) for each in registry.requests(path_part="tags/list")] == [("GET", 404)]
        assert registry.version().lstrip("v")[0] in "23"
        pid = registry.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_registry_that_cannot_start_says_why(tmp_path):
    registry = processes.DistributionProcess(str(tmp_path), program=processes.require(*processes.DISTRIBUTION))
    registry.extra = {"storage": {"nonsense": {}}}
    with pytest.raises(RuntimeError, match="did not start"):
        registry.start()


def test_a_missing_program_skips_with_its_name():
    with pytest.raises(pytest.skip.Exception, match="no-such-program"):
        processes.require("no-such-program")


@pytest.mark.parametrize("name", ["helm", "opm", "registry3", "small-registries", "upstream-answers"])
def test_what_go_builds_is_said_to_need_it(name, monkeypatch):
    monkeypatch.setattr(processes, "find", lambda names: "")
    with pytest.raises(pytest.skip.Exception, match="make tools builds it where there is Go"):
        processes.require(name)
