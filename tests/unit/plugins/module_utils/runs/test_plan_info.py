# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to documents; every recipe of the guide is asked here, of documents that runs made."""

from __future__ import annotations

import builtins
import json
import os
import re
from dataclasses import replace

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import json_bytes, read_json, write_json
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan_info import DOCUMENTS, Question, answer
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report
from ansible_collections.disconnected.mirror.plugins.modules import plan_info
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

jmespath = pytest.importorskip("jmespath")
GUIDE = os.path.join(ROOT, "docs", "docsite", "rst", "guide_questions.rst")
MULTI = images.multi_arch("multi")
SIZES = {"app": 500, "tool": 90_000}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace with everything that can be asked, and a folder of archives."""
    folder = tmp_path_factory.mktemp("asked")
    with FakeRegistry() as source, FakeRegistry() as target:
        for name, size in SIZES.items():
            images.put(images.image(name, [images.layer(name, size)]), source.content, f"team/{name}", "1")
        images.put(MULTI, source.content, "team/multi", "1")
        site = Site(source.host, target.host, folder / "workspace")
        site.mirror("team/app:1")
        site.plan("team/app:1", "team/tool:1", "team/multi:1", "team/gone:1")
        _with_more(site)
        mirror(MirrorRequest(site.planning(), site.destination), {})
        target.content.repositories["site/team/app"].tags.clear()
        site.verify()
        write_report(site.workspace)
        other = Site(source.host, target.host, folder / "other")
        other.plan("team/app:1", "team/tool:1")
        mirror_to_disk(ToDiskRequest(other.planning(), str(folder / "archives")), {})
        yield site, str(folder / "archives")


def _with_more(site):
    """What other sources would add: an operator's reasons, a release, a chart."""
    path = site.workspace.incomplete_plan
    plan = Plan.read(path)
    tool = next(image for image in plan.images if image.origin.endswith("team/tool:1"))
    operators = replace(tool, why=(("operators[0]", "web-terminal", "fast", "web-terminal.v1"),))
    payload = f"q.test/r@{Digest.of(b'release')}"
    release = {"version": "4.16.3", "architecture": "amd64", "tag": "4.16.3-x86_64", "payload": payload, "signatures": ["c2ln"]}
    more = replace(
        plan,
        images=tuple(operators if image is tool else image for image in plan.images),
        releases=(release, {**release, "version": "4.16.4", "signatures": []}),
        charts=({"name": "podinfo", "version": "5.0.0"},),
    )
    more.write(path)
    changes = read_json(site.workspace.changes)
    # The plan was changed behind the back of what planning kept of it.
    write_json(site.workspace.changes, {**changes, "plan": Digest.of(json_bytes(more.document()))})


def recipes():
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    blocks = re.findall(r"code-block:: yaml\n\n((?:    .*\n|\n)+)", text)
    return [task for block in blocks for task in yaml.safe_load(re.sub(r"^    ", "", block, flags=re.M))]


def tasks():
    return [task for task in recipes() if "disconnected.mirror.plan_info" in task]


def asked(place, arguments):
    site, archives = place
    given = {key: value for key, value in arguments.items() if key not in ("workspace", "path")}
    where = {"path": archives} if given.get("document") == "archive" else {"workspace": site.workspace.root}
    return run_module(plan_info, {**given, **where})


def expected(place):
    site, _archives = place
    host = site.source
    arm = [child["digest"] for child in json.loads(MULTI.content)["manifests"] if child["platform"]["architecture"] == "arm64"]
    return {
        "largest": lambda found: [entry["origin"] for entry in found][0] == f"{host}/team/tool:1" and len(found) == 3,
        "operators": lambda found: [entry["operator"] for entry in found] == ["web-terminal"] and found[0]["bytes"] > 90_000,
        "terminal": lambda found: found == [f"{host}/team/tool:1"],
        "news": lambda found: f"{host}/team/tool:1" in found["images"] and found["moved"] == [],
        "releases": lambda found: [(entry["version"], entry["signed"]) for entry in found] == [("4.16.3", True), ("4.16.4", False)],
        "instances": lambda found: found == arm and len(arm) == 1,
        "failed": lambda found: [entry["what"] for entry in found] == [f"{host}/team/gone:1"] and "gone" in found[0]["what"],
        "findings": lambda found: len(found) == 1 and "team/app" in found[0],
        "brought": lambda found: found == [{"sequence": 1, "brings": [f"{host}/team/app:1", f"{host}/team/tool:1"]}],
    }


def test_the_guide_has_no_recipe_that_is_not_tried(place):
    assert {task["register"] for task in tasks()} == set(expected(place))


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task["register"])
def test_the_recipes_of_the_guide_answer_what_they_promise(place, task):
    result = asked(place, task["disconnected.mirror.plan_info"])
    assert not result.get("failed") and result["changed"] is False, result
    assert expected(place)[task["register"]](result["answer"]), result["answer"]


def test_the_recipe_for_the_controller_names_a_member_that_plans_have(place):
    text = next(task["ansible.builtin.debug"]["msg"] for task in recipes() if "ansible.builtin.debug" in task)
    query = re.search(r"json_query\('([^']+)'\)", text).group(1)
    assert jmespath.search(query, read_json(place[0].workspace.incomplete_plan)) == ["podinfo"]


def test_without_a_query_the_document_is_the_answer(place):
    site, archives = place
    for document in DOCUMENTS:
        question = Question(document, site.workspace, archives if document == "archive" else "")
        assert isinstance(answer(question), dict)


def test_an_answer_is_whole_or_none(place):
    with pytest.raises(InputError, match="bytes and 100 are allowed") as caught:
        answer(Question("plan", place[0].workspace, query="images", most=100))
    assert "[:20]" in caught.value.advice


@pytest.mark.parametrize("query", ["images[", "images[?", "sort_by(images, 'x')", "nobody(images)", "[" * 5000, "(" * 3000])
def test_what_is_no_question_is_told(place, query):
    with pytest.raises(InputError) as caught:
        answer(Question("plan", place[0].workspace, query=query))
    assert caught.value.subject == "query" and len(caught.value.message) < 600


def test_what_is_missing_is_told(tmp_path, monkeypatch):
    workspace = Workspace(str(tmp_path))
    with pytest.raises(NotFound, match="plan.json") as caught:
        answer(Question("plan", workspace))
    assert "imageset_plan" in caught.value.advice
    with pytest.raises(InputError, match="nothing says where"):
        answer(Question("archive", workspace))
    write_json(workspace.plan, {"images": []})
    real = builtins.__import__

    def without(name, *rest):
        if name == "jmespath":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert answer(Question("plan", workspace)) == {"images": []}
    with pytest.raises(Unsupported, match="jmespath, which is not installed"):
        answer(Question("plan", workspace, query="images"))
