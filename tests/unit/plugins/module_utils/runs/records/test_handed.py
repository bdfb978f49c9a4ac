# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that one host makes and others carry out: nothing is asked twice, and nothing of it is believed unseen."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive import tar
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        images.put(images.image("app"), registry.content, "team/app", "1")
        yield registry


@pytest.fixture
def planner(source, target, tmp_path):
    return Site(source.host, target.host, tmp_path / "planner")


@pytest.fixture
def handed(planner):
    return plan_imageset(planner.planning("team/app:1"), {}, hands_on=True).handed


def member(name, content):
    return tar.header(name, len(content)) + content + bytes(tar.padded(len(content)) - len(content))


def taken(site, path, check_mode=False):
    return plan_imageset(PlanSource(site.workspace, handed=path, connections=site.connections), {}, check_mode)


def test_whoever_takes_it_over_asks_the_source_for_blobs_alone(source, target, tmp_path, planner, handed):
    other = Site(source.host, target.host, tmp_path / "other")
    asked = len(source.ledger)
    run = taken(other, handed)
    assert run.changed and run.complete and not taken(other, handed).changed
    assert len(source.ledger) == asked
    assert other.mirror().result.complete
    assert {entry.endpoint for entry in source.ledger.entries()[asked:]} <= {"blob", "ping"}
    assert run.plan == planner.plan("team/app:1").plan


def test_check_mode_takes_it_over_nowhere(source, target, tmp_path, handed):
    other = Site(source.host, target.host, tmp_path / "other")
    assert taken(other, handed, check_mode=True).changed and not os.path.exists(other.workspace.root)


def test_check_mode_hands_on_nothing_without_a_place_for_it(planner):
    run = plan_imageset(planner.planning("team/app:1"), {}, check_mode=True, hands_on=True)
    assert run.handed == "" and not os.path.exists(planner.workspace.root)


def test_a_plan_as_it_is_kept_can_be_taken_over_too(source, target, tmp_path, planner, handed):
    other = Site(source.host, target.host, tmp_path / "other")
    assert taken(other, planner.workspace.plan).plan.images


def test_the_same_plan_is_the_same_file(planner, handed):
    with open(handed, "rb") as file:
        first = file.read()
    plan_imageset(planner.planning("team/app:1"), {}, hands_on=True)
    with open(handed, "rb") as file:
        assert file.read() == first


@pytest.mark.parametrize(
    "content,error",
    [
        (b"", InputError),
        (b"no tar at all" * 100, InputError),
        (tar.END, InputError),
        (member("plan.json", b"[]") + tar.END, Incompatible),
        (member("plan.json", b'{"schema": "disconnected.mirror/plan/1"}') + tar.END, InputError),
        (member("plan.json", b"\xff\xfe") + tar.END, InputError),
        (b"{not json", MirrorError),
    ],
)
def test_what_is_no_plan_is_refused_and_leaves_nothing(source, target, tmp_path, content, error):
    other, path = Site(source.host, target.host, tmp_path / "other"), tmp_path / "handed.tar"
    path.write_bytes(content)
    with pytest.raises(error):
        taken(other, str(path))
    assert not os.path.exists(other.workspace.plan) and not os.path.exists(other.workspace.manifests)


def test_a_file_that_is_not_there_is_named(source, target, tmp_path):
    with pytest.raises(InputError, match="there is no plan at"):
        taken(Site(source.host, target.host, tmp_path / "other"), str(tmp_path / "none.tar"))


def test_a_plan_that_was_cut_short_is_refused(source, target, tmp_path, handed):
    path = tmp_path / "cut.tar"
    with open(handed, "rb") as file:
        path.write_bytes(file.read()[:-3000])
    with pytest.raises(MirrorError):
        taken(Site(source.host, target.host, tmp_path / "other"), str(path))


def test_members_go_nowhere_but_to_their_places(source, target, tmp_path, handed):
    """Other names are not unpacked, and a manifest that is not what its name says is asked for again."""
    other, path = Site(source.host, target.host, tmp_path / "other"), tmp_path / "odd.tar"
    with open(handed, "rb") as file:
        whole = file.read()[: -len(tar.END)]
    digest = next(iter(sorted(os.listdir(os.path.join(str(tmp_path), "planner", "manifests", "sha256")))))
    odd = [("../../escaped", b"x"), ("manifests/sha256/../../../x", b"x"), ("charts/../plan.json", b"x"), ("uid", b"x")]
    forged = member(f"manifests/sha256/{digest}", b"application/json 00000000\n{}")
    path.write_bytes(whole + b"".join(member(name, content) for name, content in odd) + forged + tar.END)
    taken(other, str(path))
    found = {name for _folder, _folders, names in os.walk(other.workspace.root) for name in names}
    assert not found & {"escaped", "x", "uid"} and not os.path.exists(tmp_path / "escaped")
    assert other.mirror().result.complete and not target.violations


@pytest.mark.parametrize("more", [{"locked": True}, {"source_mirror": "docker://a.test:5000"}, {"imageset": {}}, {"config": "x"}])
def test_it_leaves_nothing_to_plan(tmp_path, planner, more):
    with pytest.raises(InputError, match="leaves nothing to plan"):
        PlanSource(planner.workspace, handed="x", **more)
