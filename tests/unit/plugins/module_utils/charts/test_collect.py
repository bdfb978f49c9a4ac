# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.source import CHART_LAYER
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

DATA = os.path.join(SHARED_DATA, "helm")
HELM = shutil.which("helm")
needs_helm = pytest.mark.skipif(HELM is None, reason="helm is not installed; make tools builds it where there is Go 1.22 or later")
URL = "https://charts.example.com/stable"

TEMPLATE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  template:
    spec:
      containers:
      - image: {{ .Values.image }}
      - image: {{ required "a value for second is needed" .Values.second }}
"""


def chart_archive(name, version, values, template=TEMPLATE):
    """A packaged chart."""
    members = {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
        "values.yaml": json.dumps(values),
        "templates/app.yaml": template,
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, text in members.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


GOOD = chart_archive("good", "1.0.0", {"image": "quay.io/x/one:1", "second": "quay.io/x/two@sha256:" + "a" * 64})
NEEDY = chart_archive("needy", "v2.0.0", {"image": "quay.io/x/three:3"})


class Web:
    """Answers `fetch` from a dictionary."""

    def __init__(self):
        entries = {
            "good": [{"version": "1.0.0", "urls": ["good-1.0.0.tgz"], "digest": hashlib.sha256(GOOD).hexdigest()}],
            "needy": [{"version": "v2.0.0", "urls": ["needy-v2.0.0.tgz"]}],
            "bent": [{"version": "1.0.0", "urls": ["good-1.0.0.tgz"], "digest": "0" * 64}],
            "lib": [{"version": "1.0.0", "urls": ["lib.tgz"], "type": "library"}],
        }
        self.pages = {
            f"{URL}/index.yaml": json.dumps({"entries": entries}).encode(),
            f"{URL}/good-1.0.0.tgz": GOOD,
            f"{URL}/needy-v2.0.0.tgz": NEEDY,
        }
        self.asked = []

    def __call__(self, url, headers, limit):
        self.asked.append(url)
        if url not in self.pages:
            raise NotFound(f"{url} is not there", subject=url)
        return self.pages[url]


@pytest.fixture
def run(tmp_path):
    web, store = Web(), MemoryStore()

    def collected(helm, api="v2alpha1"):
        imageset = parse({"apiVersion": f"mirror.openshift.io/{api}", "kind": "ImageSetConfiguration", "mirror": {"helm": helm}})
        context = Context(
            upstream=store, workspace=Workspace(str(tmp_path / "workspace")), fetch=web, options={"helm_path": HELM or "helm"}
        )
        return collect(imageset, context)

    collected.web, collected.store, collected.folder = web, store, tmp_path
    return collected


def repository(*charts, name="r", url=URL):
    return {"repositories": [{"name": name, "url": url, "charts": list(charts)}]}


@needs_helm
def test_images_of_a_chart_are_wanted_with_their_reason(run):
    collected = run(repository({"name": "good", "version": "1.0.0"}))
    assert collected.failures == () and collected.warnings == ()
    assert [(str(image.reference), image.repository, image.tags) for image in collected.images] == [
        ("quay.io/x/one:1", "x/one", ("1",)),
        ("quay.io/x/two@sha256:" + "a" * 64, "x/two", ("sha256-" + "a" * 64,)),
    ]
    assert collected.images[0].why == ("helm.repositories[0].charts[0]", "chart good 1.0.0")
    (entry,) = collected.charts
    assert entry["digest"] == Digest.of(GOOD) and entry["file"] == "good-1.0.0.tgz"
    assert (run.folder / "workspace" / "charts" / "good-1.0.0.tgz").read_bytes() == GOOD


@needs_helm
def test_an_archive_that_the_index_names_by_digest_is_fetched_once(run):
    run(repository({"name": "good", "version": "1.0.0"}))
    run(repository({"name": "good", "version": "1.0.0"}))
    assert run.web.asked.count(f"{URL}/good-1.0.0.tgz") == 1


@needs_helm
def test_a_chart_that_needs_input_fails_alone_with_helms_reason(run):
    collected = run(repository({"name": "needy"}, {"name": "good"}))
    assert len(collected.images) == 2
    (failure,) = collected.failures
    assert "a value for second is needed" in failure.message
    assert "helm.repositories[0].charts[0]" in failure.subject and failure.category == "helm"
    given = run(repository({"name": "needy", "version": "2.0.0", "values": {"second": "quay.io/x/given:1"}}))
    assert [str(image.reference) for image in given.images] == ["quay.io/x/three:3", "quay.io/x/given:1"]


@needs_helm
def test_every_way_to_fail_is_isolated(run):
    (run.folder / "broken.tgz").write_bytes(b"not a chart")
    collected = run(
        {
            "local": [{"name": "absent", "path": "/nowhere/x.tgz"}, {"name": "broken", "path": str(run.folder / "broken.tgz")}],
            "repositories": [
                {"name": "gone", "url": "https://gone.example.com", "charts": [{"name": "x"}]},
                {
                    "name": "r",
                    "url": URL,
                    "charts": [{"name": "absent"}, {"name": "bent"}, {"name": "good", "imagePaths": ["{"]}, {"name": "good"}],
                },
            ],
        }
    )
    assert len(collected.images) == 2
    assert len(collected.failures) == 6
    assert {failure.category for failure in collected.failures} == {"helm"}


@needs_helm
def test_without_a_list_every_chart_but_libraries_is_meant(run):
    collected = run({"repositories": [{"name": "r", "url": URL + "/"}]})
    assert [entry["name"] for entry in collected.charts] == ["good"]
    assert sorted(failure.code for failure in collected.failures) == ["corrupt_content", "invalid_input"]


@needs_helm
def test_local_directories_and_archives_are_rendered(run):
    (run.folder / "good.tgz").write_bytes(GOOD)
    with tarfile.open(fileobj=io.BytesIO(GOOD)) as tar:
        tar.extractall(run.folder)
    collected = run(
        {"local": [{"name": "packed", "path": str(run.folder / "good.tgz")}, {"name": "plain", "path": str(run.folder / "good")}]}
    )
    assert collected.failures == () and len(collected.images) == 4
    assert [entry["file"] for entry in collected.charts] == ["good.tgz", ""]


@needs_helm
def test_charts_in_registries_are_read_through_the_store(run):
    layer = run.store.add_blob("charts.test/team/good", GOOD)
    config = run.store.add_blob("charts.test/team/good", b"{}")
    run.store.add_document(
        "charts.test/team/good",
        {
            "schemaVersion": 2,
            "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": config.digest, "size": config.size},
            "layers": [{"mediaType": CHART_LAYER, "digest": layer.digest, "size": layer.size}],
        },
        "1.0.0_build",
    )
    for version in ("1.0.0+build", ""):
        collected = run(repository({"name": "good", "version": version}, url="oci://charts.test/team"))
        assert collected.failures == () and collected.charts[0]["version"] == "1.0.0+build"
    assert "list the charts to mirror" in run({"repositories": [{"name": "r", "url": "oci://charts.test/team"}]}).failures[0].advice.lower()


def test_without_helm_one_message_says_what_to_install(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Unsupported, match="helm_path"):
        run(repository({"name": "good"}))


@needs_helm
@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="the collected charts are not here")
@pytest.mark.parametrize(
    ("chart", "paths", "expected"),
    [
        ("charts/podinfo-5.0.0.tgz", [], {"ghcr.io/stefanprodan/podinfo:5.0.0"}),
        (
            "charts/ingress-nginx-4.12.1.tgz",
            [],
            {"registry.k8s.io/ingress-nginx/controller:v1.12.1@sha256:d2fb"},
        ),
        (
            "charts/test-mirror-helm-0.3.0.tgz",
            ["{.spec.template.spec.containers[*].env[*].value}"],
            {"quay.io/nginx/nginx-ingress:latest", "quay.io/prometheus/prometheus:latest"},
        ),
        (
            "charts/my-chart-with-subchart-alias-0.1.0.tgz",
            [],
            {"quay.io/rhdh-community/rhdh:next", "docker.io/library/nginx:1.16.0", "quay.io/fedora/postgresql-15:latest"},
        ),
    ],
)
def test_real_charts_name_the_images_that_helm_renders(run, chart, paths, expected):
    collected = run({"local": [{"name": "c", "path": os.path.join(DATA, chart), "imagePaths": paths}]})
    assert collected.failures == ()
    found = {str(image.reference) for image in collected.images}
    assert all(any(name.startswith(wanted) for name in found) for wanted in expected), found
    rendered = subprocess.run(
        [HELM, "template", "x", os.path.join(DATA, chart), "--kube-version", "1.33.0"], capture_output=True, text=True, check=True
    ).stdout
    for image in collected.images:
        assert str(image.reference).replace("docker.io/library/", "") in rendered


NAMED = """
apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}}
spec:
  containers:
  - image: {{ .Release.Name }}
  - image: {{ .Release.Name }}/x:1
  - image: "{{ .Release.Namespace | replace "-" "" | upper | lower }}.example.com/x/y:1"
  - image: {{ .Values.image }}
"""


@needs_helm
def test_images_that_are_named_after_a_release_that_nobody_named_are_left_out(run):
    """Anyone could register `docker.io/library/release-name`, and what such a namespace holds."""
    run.web.pages[f"{URL}/good-1.0.0.tgz"] = chart_archive("good", "1.0.0", {"image": "quay.io/x/one:1"}, NAMED)
    index = json.loads(run.web.pages[f"{URL}/index.yaml"])
    del index["entries"]["good"][0]["digest"]
    run.web.pages[f"{URL}/index.yaml"] = json.dumps(index).encode()
    for api in ("v1alpha2", "v2alpha1"):
        collected = run(repository({"name": "good", "version": "1.0.0"}), api)
        assert [str(image.reference) for image in collected.images] == ["quay.io/x/one:1"] and collected.failures == ()
        assert [("releaseName" in text, "namespace" in text) for text in collected.warnings] == [
            (True, False),
            (True, False),
            (False, True),
        ]
    named = run(repository({"name": "good", "version": "1.0.0", "releaseName": "quay", "namespace": "my-ns"}))
    assert [str(image.reference) for image in named.images] == ["docker.io/quay/x:1", "myns.example.com/x/y:1", "quay.io/x/one:1"]
