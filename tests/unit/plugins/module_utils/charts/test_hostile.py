# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts and repositories that mean harm, and configurations that name odd things, stay within their bounds (user-needs G15, G16)."""

from __future__ import annotations

import gzip
import hashlib
import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.charts import archives, render
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.render import Helm
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.repository import read_index
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Chart
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

SHOW = 'for word in "$@"; do echo "$word" >> "$0.words"; done'
# Renders a pod with the image that the archive's text names.
RENDER = 'for path in "$@"; do :; done; echo "{kind: Pod, spec: {containers: [{image: $(gzip -dc "$path")}]}}"'


@pytest.fixture
def helm(tmp_path):
    def make(script):
        path = tmp_path / "helm"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return Helm(str(path))

    return make


def words(helm):
    with open(f"{helm.path}.words", encoding="utf-8") as file:
        return file.read().splitlines()


def test_nothing_of_a_configuration_becomes_an_option(helm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = helm(SHOW)
    chart = Chart(
        name="--debug",
        value_files=("-", "--post-renderer=/bin/sh", "https://evil.test/values.yaml", "a,b.yaml", 'q"q'),
        release_name="--post-renderer=/bin/sh",
        namespace="--kubeconfig=x",
        kube_version="--api-versions=x",
    )
    program.template("--output-dir=x", chart)
    given = words(program)
    assert given[given.index("--") + 1 :] == ["--post-renderer=/bin/sh", f"{tmp_path}/--output-dir=x"]
    assert given[: given.index("--")] == [
        *("template", "--include-crds", "--no-hooks", f'--values="{tmp_path}/-"', f'--values="{tmp_path}/--post-renderer=/bin/sh"'),
        *(f'--values="{tmp_path}/https:/evil.test/values.yaml"', f'--values="{tmp_path}/a,b.yaml"', f'--values="{tmp_path}/q""q"'),
        *("--namespace=--kubeconfig=x", "--kube-version=--api-versions=x"),
    ]


def test_helm_sees_nothing_of_the_hosts_environment_and_no_values_on_its_command_line(helm, monkeypatch):
    monkeypatch.setenv("CANARY", "canary-1")
    program = helm(f'{SHOW}; env >> "$0.words"; stat -c %a "$HOME"/values.json >> "$0.words"')
    program.template("/x.tgz", Chart(name="x", values={"password": "canary-2"}))
    assert not [word for word in words(program) if "canary" in word] and words(program)[-1] == "600"


def test_a_chart_that_renders_without_end_is_stopped(helm, monkeypatch):
    monkeypatch.setattr(limits, "RENDERED", limits.Limit(1024 * 1024))
    with pytest.raises(Unsupported, match="more than the 1048576 bytes"):
        helm("exec yes").template("/x.tgz", Chart(name="x"))


def test_so_is_one_that_does_nothing_at_all(helm, monkeypatch):
    monkeypatch.setattr(render, "_TIMEOUT", 0.2)
    with pytest.raises(Unsupported, match="did not end"):
        helm("exec sleep 600").template("/x.tgz", Chart(name="x"))


def test_a_program_that_cannot_be_run_is_told(tmp_path):
    path = tmp_path / "helm"
    path.write_bytes(b"\x7fELF nothing")
    path.chmod(0o755)
    with pytest.raises(Unsupported, match="cannot be run"):
        Helm(str(path)).template("/x.tgz", Chart(name="x"))


def test_an_archive_that_unpacks_to_more_than_helm_takes_is_not_kept(tmp_path):
    kept = archives.ChartArchives(str(tmp_path))
    bomb = gzip.compress(bytes(limits.CHART_UNPACKED // 2), 1) * 3
    with pytest.raises(Unsupported, match="unpacks to more"):
        kept.keep(kept.place("bomb-1.tgz", "bomb"), bomb, "bomb")
    assert os.listdir(tmp_path) == []
    for content in (b"", b"no gzip", gzip.compress(b"x") + b"\0" * 100, gzip.compress(b"x" * 5000)[:20]):
        kept = archives.ChartArchives(str(tmp_path))
        kept.keep(kept.place("odd-1.tgz", "odd"), content, "odd")


@pytest.mark.parametrize("name", ["../x.tgz", "/x.tgz", ".x", "-x", "a/b.tgz", "a\0", "", "a\n"])
def test_names_of_archives_stay_in_their_folder(tmp_path, name):
    with pytest.raises(InputError, match="cannot be the name"):
        archives.ChartArchives(str(tmp_path)).place(name, "x")


def offering(url, image):
    content = gzip.compress(image.encode())
    index = {"entries": {"app": [{"version": "1.0.0", "urls": ["app.tgz"], "digest": hashlib.sha256(content).hexdigest()}]}}
    return {f"{url}/index.yaml": json.dumps(index).encode(), f"{url}/app.tgz": content}


def test_no_repository_replaces_the_chart_of_another(helm, tmp_path):
    """Both offer a chart of the same name and version: the first is rendered as it was offered, the second is told."""
    pages = {**offering("https://good.test", "quay.io/x/good:1"), **offering("https://evil.test", "quay.io/x/evil:1")}
    repositories = [{"name": name, "url": f"https://{name}.test", "charts": [{"name": "app"}]} for name in ("good", "evil")]
    content = {
        "apiVersion": "mirror.openshift.io/v2alpha1",
        "kind": "ImageSetConfiguration",
        "mirror": {"helm": {"repositories": repositories}},
    }
    for _again in range(2):
        workspace = Workspace(str(tmp_path / "workspace"))
        options = {"helm_path": helm(RENDER).path}
        collected = collect(
            parse(content), Context(upstream=MemoryStore(), workspace=workspace, fetch=lambda url, *_rest: pages[url], options=options)
        )
        assert [str(image.reference) for image in collected.images] == ["quay.io/x/good:1"]
        (failure,) = collected.failures
        assert "other content" in failure.message and failure.subject.startswith("helm.repositories[1].charts[0]")
        with open(os.path.join(workspace.charts, "app-1.0.0.tgz"), "rb") as file:
            assert file.read() == pages["https://good.test/app.tgz"]


@pytest.mark.parametrize(
    "entries",
    [
        {"a": [{"version": "1", "urls": ["http://[::1"]}]},
        {"a": [{"version": "1" * 10_000, "urls": ["x"]}]},
        {"a": [{"version": f"1.{'9' * 10_000}.0", "urls": ["x"]}]},
        {"a": [{"version": ["1"], "urls": [None, 3, {}]}]},
        {"a": {"version": "1"}, "b": None, "c": ["x", 7]},
        {7: [{"version": 1.0, "urls": []}]},
    ],
)
def test_odd_entries_of_an_index_harm_nothing(entries):
    index = read_index(json.dumps({"entries": entries}).encode(), "https://charts.test/index.yaml")
    assert set(index) == {str(name) for name in entries}
