# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault of a host is told once, however many images it costs."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.report.failures import grouped
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.front import failures as section_of

HOST = "mirror.example.com"
FAULTS = {
    "refused": ("unreachable", 0, "{host} cannot be reached to read {name}: connection refused"),
    "overloaded": ("unreachable", 503, "{host} refused to read the manifest: 503 (busy)"),
    "login": ("access_denied", 401, "{host} refused to read {name}: 401"),
    "forbidden": ("access_denied", 403, "{host} refused to push the manifest: 403 (DENIED)"),
    "broken": ("registry_error", 500, "{host} refused to push the manifest: 500"),
}


def failed(fault, count, host=HOST):
    code, status, message = fault
    names = [f"{host}/team/app{number}:1" for number in range(count)]
    return [Failure(code, message.format(host=host, name=name), name, host=host, status=status, advice="Do this.") for name in names]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_host_is_one_line_with_a_count(fault):
    other = Failure("not_found", "quay.io refused to read the manifest: 404", "quay.io/gone:1", host="quay.io", status=404)
    listed = [*failed(fault, 190), other]
    told = problem_of(listed, "The mirror")
    assert told.startswith("The mirror is not complete, 191 failed: ") and told.count(";") == 1 and "quay.io/gone:1" in told
    assert "app1:1" not in told and f"(needed for {HOST}/team/app0:1 and 189 more). Do this." in told
    groups = {group["code"]: group for group in grouped(map(asdict, listed))["groups"]}
    assert groups[fault[0]]["total"] == 190 and [entry["more"] for entry in groups[fault[0]]["listed"]] == [189]
    page = "".join(section_of({"failures": grouped(map(asdict, listed))}).itertext())
    assert f"{HOST}/team/app0:1 and 189 more, for the same reason" in page and "app1:1" not in page and "in the table" not in page


def test_two_hosts_have_a_fault_each():
    told = problem_of([*failed(FAULTS["login"], 2), *failed(FAULTS["login"], 2, "other.example.com")], "The mirror")
    assert told.count("and 1 more") == 2 and "other.example.com" in told


def test_what_is_missing_is_named_one_by_one():
    missing = ("not_found", 404, "{host} refused to read the manifest: 404 (MANIFEST_UNKNOWN)")
    listed = failed(missing, 3)
    told = problem_of(listed, "The plan")
    assert all(failure.subject in told for failure in listed)
    assert len(grouped(map(asdict, listed))["groups"][0]["listed"]) == 3
