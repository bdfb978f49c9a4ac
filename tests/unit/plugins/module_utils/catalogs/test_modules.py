# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`catalog_filter` and `catalog_info` as Ansible calls them."""

from __future__ import annotations

import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.runs import catalog as runs
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.modules import catalog_filter, catalog_info
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0\nfoo fast: 0.2.0; 0.3.0<0.2.0\nbar stable*: 1.0.0"
CSV = {"type": "olm.csv.metadata", "value": {"displayName": "Foo for everybody"}}
NEEDS = {"foo.v0.2.0": [CSV, catalogs.needs_package("bar", ">=1.0.0"), catalogs.needs_kind("Bar")]}
COMMON = {"changed", "failed", "msg", "warnings", "exception"}


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    for name in ("REGISTRY_AUTH_FILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "CONTAINERS_REGISTRIES_CONF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def source(tmp_path):
    return catalogs.write(tmp_path / "source", catalogs.documents(TEXT, NEEDS))


@pytest.fixture
def registry():
    """A registry that has the catalog and the images of its bundles."""
    with FakeRegistry() as registry:
        store = MemoryStore()
        documents = [_at(registry.host, document) for document in catalogs.documents(TEXT, NEEDS)]
        root = catalogs.publish(store, "index", "v1", documents)
        for manifest in store.manifests["index"].values():
            for blob in manifest.blobs:
                registry.content.put_blob("team/index", store.blobs["index"][blob.digest], blob.digest)
        for manifest in store.manifests["index"].values():
            registry.content.put_manifest("team/index", manifest.content, manifest.media_type)
        registry.content.create("team/index").tags["v1"] = root.digest
        for name, tag in (("bundle", "foo.v0.2.0"), ("operator", "0.2.0")):
            images.put(images.image(f"{name} {tag}"), registry.content, f"foo/{name}", tag)
        registry.catalog = f"docker://{registry.host}/team/index:v1"
        registry.root = root
        yield registry


def _at(host, document):
    found = {**document}
    if "image" in found:
        found["image"] = found["image"].replace("quay.example.com", host)
        found["relatedImages"] = [{**each, "image": each["image"].replace("quay.example.com", host)} for each in found["relatedImages"]]
    return found


def run(module, check_mode=False, **arguments):
    result = run_module(module, {"tls": [{"host": "*", "plain_http": True}], "retry_times": 0, **arguments}, check_mode=check_mode)
    documented = yaml.safe_load(module.RETURN)
    assert set(result) - COMMON <= set(documented), sorted(set(result) - COMMON - set(documented))
    for key in ("packages", "bundles", "related_images", "catalogs"):
        for element in result.get(key) or ():
            assert set(element) <= set(documented[key]["contains"]), (key, element)
    return result


def test_a_directory_is_filtered_into_a_directory(tmp_path, source):
    dest = str(tmp_path / "dest")
    arguments = {"catalog": str(source), "dest": dest, "packages": [{"name": "foo", "channels": [{"name": "stable"}]}]}
    predicted = run(catalog_filter, check_mode=True, **arguments)
    assert predicted["changed"] and not os.path.exists(dest)
    result = run(catalog_filter, **arguments)
    assert {key: value for key, value in result.items() if key != "warnings"} == {
        key: value for key, value in predicted.items() if key != "warnings"
    }
    assert result["packages"] == [
        {"name": "foo", "default_channel": "stable", "channels": [{"name": "stable", "head": "foo.v0.2.0", "entries": ["foo.v0.2.0"]}]}
    ]
    assert result["bundles"] == [
        {"package": "foo", "name": "foo.v0.2.0", "version": "0.2.0", "image": "quay.example.com/foo/bundle:foo.v0.2.0"}
    ]
    assert result["related_images"] == [
        {"image": "quay.example.com/foo/bundle:foo.v0.2.0", "roles": ["bundle"], "bundles": ["foo.v0.2.0"]},
        {"image": "quay.example.com/foo/operator:0.2.0", "roles": ["operator"], "bundles": ["foo.v0.2.0"]},
    ]
    assert len(result["filter_warnings"]) == 2 and "requires package bar >=1.0.0" in result["filter_warnings"][1]
    assert catalogs.graph(Catalog.from_directory(dest).everything()) == {"foo stable*": "0.2.0<0.1.0"}
    assert not run(catalog_filter, **arguments)["changed"]
    assert run(catalog_filter, **{**arguments, "packages": [{"name": "bar"}]})["changed"]
    assert os.listdir(dest) == ["bar"]


def test_a_directory_with_something_else_is_not_touched(tmp_path, source):
    dest = tmp_path / "dest"
    dest.mkdir()
    (dest / "precious.txt").write_text("x")
    for check_mode in (True, False):
        result = run(catalog_filter, check_mode=check_mode, catalog=str(source), dest=str(dest))
        assert result["failed"] and "precious.txt" in result["msg"]
    assert os.listdir(dest) == ["precious.txt"]


@pytest.mark.parametrize("api_version", ["v1alpha2", "v2alpha1"])
def test_rules_of_both_versions(source, api_version):
    packages = [{"name": "foo", "min_version": "0.1.0"}]
    result = run(catalog_filter, catalog=str(source), api_version=api_version, packages=packages)
    heads = {
        channel["name"]: channel["entries"] for package in result["packages"] for channel in package["channels"] if package["name"] == "foo"
    }
    assert heads["stable"] == ["foo.v0.1.0", "foo.v0.2.0"]
    assert ("fast" in heads) == (api_version == "v2alpha1")
    assert ("bar" in {package["name"] for package in result["packages"]}) == (api_version == "v1alpha2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"packages": [{"name": "foo", "min_version": "1", "channels": [{"name": "stable", "min_version": "1"}]}]},
            "keep the bounds in one place",
        ),
        ({"packages": [{"name": "foo", "min_bundle": "x"}]}, "minBundle"),
        ({"packages": [{"name": "foo", "channels": [{"name": "fast"}]}]}, "Set defaultChannel to a channel that is kept (fast)"),
        ({"packages": [{"name": "gone"}], "catalog_missing_packages": "fail"}, "gone"),
        ({"dest": "oci:///somewhere"}, "a layout can be built only upon an image"),
        ({"catalog": "/nowhere"}, "there is no such directory"),
    ],
)
def test_mistakes_are_sentences(source, arguments, message):
    result = run(catalog_filter, **{"catalog": str(source), **arguments})
    assert result["failed"] and message in result["msg"] and "exception" not in result


def test_an_image_becomes_a_layout_that_stands_alone(tmp_path, registry):
    path = tmp_path / "layout"
    arguments = {
        "catalog": registry.catalog,
        "dest": f"oci://{path}",
        "packages": [{"name": "foo"}],
        "workspace": str(tmp_path / "workspace"),
    }
    predicted = run(catalog_filter, check_mode=True, **arguments)
    assert predicted["changed"] and not path.exists() and not (tmp_path / "workspace").exists()
    result = run(catalog_filter, **arguments)
    assert result["changed"] and result["digest"] == predicted["digest"]
    layout = LayoutStore(str(path))
    index = layout.fetch_manifest("", "")
    assert index.digest == result["digest"]
    for child in index.children:
        blobs = layout.fetch_manifest("", child.digest).blobs
        assert len(layout.blobs_present("", [blob.digest for blob in blobs])) == len(blobs)
    assert not run(catalog_filter, **arguments)["changed"]
    names = [package["name"] for package in run(catalog_filter, catalog=f"oci://{path}", full=True)["packages"]]
    assert names == ["foo"]
    whole = run(catalog_filter, **{**arguments, "packages": [], "full": True})
    assert whole["changed"] and whole["digest"] == registry.root.digest


def test_a_layout_stays_whole_until_another_takes_its_place(tmp_path, registry):
    path = tmp_path / "layout"
    first = run(catalog_filter, catalog=registry.catalog, dest=f"oci://{path}", full=True)
    whole = {file.name for file in (path / "blobs" / "sha256").iterdir()}
    other = {"catalog": registry.catalog, "dest": f"oci://{path}", "packages": [{"name": "foo"}]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "copy_blob", broken)
        assert run(catalog_filter, **other)["failed"]
    assert LayoutStore(str(path)).fetch_manifest("", "").digest == first["digest"]
    assert whole <= {file.name for file in (path / "blobs" / "sha256").iterdir()}
    # By itself, so that it is read while it is replaced.
    second = run(catalog_filter, **{**other, "catalog": f"oci://{path}"})
    assert second["changed"] and LayoutStore(str(path)).fetch_manifest("", "").digest == second["digest"]
    assert first["digest"].partition(":")[2] not in {file.name for file in (path / "blobs" / "sha256").iterdir()}
    assert [package["name"] for package in run(catalog_filter, catalog=f"oci://{path}", full=True)["packages"]] == ["foo"]


def broken(*arguments):
    raise StorageError("no space is left", subject="layout")


def test_a_directory_that_is_no_layout_is_not_replaced(tmp_path, registry):
    (tmp_path / "precious.txt").write_text("x")
    result = run(catalog_filter, catalog=registry.catalog, dest=f"oci://{tmp_path}")
    assert result["failed"] and "something else than a layout" in result["msg"]
    assert (tmp_path / "precious.txt").exists()


def test_nothing_is_kept_without_a_workspace(tmp_path, registry):
    assert not run(catalog_filter, catalog=registry.catalog, packages=[{"name": "bar"}])["changed"]
    assert os.listdir(tmp_path) == []


def test_the_packages_of_a_catalog(source):
    assert run(catalog_info, catalog=str(source))["packages"] == [
        {"name": "bar", "display_name": "", "default_channel": "stable", "channels": ["stable"]},
        {"name": "foo", "display_name": "Foo for everybody", "default_channel": "stable", "channels": ["fast", "stable"]},
    ]


def test_one_package(source):
    found = run(catalog_info, catalog=str(source), package="foo", channel="stable")["package"]
    assert found == {
        "name": "foo",
        "display_name": "Foo for everybody",
        "default_channel": "stable",
        "channels": [
            {
                "name": "stable",
                "head": "foo.v0.2.0",
                "versions": ["0.1.0", "0.2.0"],
                "requires": ["operators.example.com/v1 Bar", "package bar >=1.0.0"],
                "images": 2,
            }
        ],
    }
    assert run(catalog_info, catalog=str(source), package="nope")["msg"].startswith(f'{source}: package "nope" not found')
    assert "It has fast, stable" in run(catalog_info, catalog=str(source), package="foo", channel="nope")["msg"]


def test_a_broken_channel_is_shown(tmp_path):
    catalogs.write(tmp_path / "c", catalogs.documents("foo a*: 1.0.0; 2.0.0\nfoo b:"))
    channels = run(catalog_info, catalog=str(tmp_path / "c"), package="foo")["package"]["channels"]
    assert channels[0]["error"] == "multiple channel heads found in graph: foo.v1.0.0, foo.v2.0.0" and channels[0]["head"] == ""
    assert channels[1]["error"] == "no channel head found in graph"


def test_the_display_name_of_the_older_form(tmp_path):
    data = {
        "type": "olm.bundle.object",
        "value": {"data": "eyJraW5kIjoiQ2x1c3RlclNlcnZpY2VWZXJzaW9uIiwic3BlYyI6eyJkaXNwbGF5TmFtZSI6Ik9sZCJ9fQ=="},
    }
    other = {"type": "olm.bundle.object", "value": {"data": "not base64"}}
    catalogs.write(tmp_path / "c", catalogs.documents("foo a*: 1.0.0", {"foo.v1.0.0": [other, data]}))
    assert run(catalog_info, catalog=str(tmp_path / "c"))["packages"][0]["display_name"] == "Old"


def test_sizes(registry):
    channels = run(catalog_info, catalog=registry.catalog, package="foo", sizes=True)["package"]["channels"]
    by_name = {channel["name"]: channel for channel in channels}
    assert by_name["stable"]["size"] > 500
    assert by_name["fast"]["size"] is None and "foo.v0.3.0" in by_name["fast"]["size_error"]


def test_published_catalogs(registry, monkeypatch):
    monkeypatch.setattr(runs, "PUBLISHED", (f"{registry.host}/team/index", f"{registry.host}/team/gone"))
    images.put(images.image("x"), registry.content, "team/index", "v4.18")
    found = run(catalog_info, openshift_version="4.18")["catalogs"]
    assert [(each["catalog"].rpartition("/")[2], each["exists"]) for each in found] == [("index:v4.18", True), ("gone:v4.18", False)]
    assert found[0]["digest"].startswith("sha256:")


# --- what is new, and what is added ---------------------------------------------------------


def row(package, channel, version, replaces=""):
    bundle = f"{package}.v{version}"
    return {"package": package, "channel": channel, "bundle": bundle, "version": version, "replaces": replaces}


def test_what_is_new_since(tmp_path, source):
    old = catalogs.write(tmp_path / "old", catalogs.documents("foo stable*: 0.1.0\nfoo fast: 0.2.0", NEEDS))
    result = run(catalog_info, catalog=str(source), since=str(old))
    assert result["updates"] == [
        row("bar", "stable", "1.0.0"),
        row("foo", "fast", "0.3.0", "foo.v0.2.0"),
        row("foo", "stable", "0.2.0", "foo.v0.1.0"),
    ]
    assert result["updates_total"] == 3
    fast = run(catalog_info, catalog=str(source), since=str(old), package="foo", channel="fast")["updates"]
    assert fast == [row("foo", "fast", "0.3.0", "foo.v0.2.0")]
    assert run(catalog_info, catalog=str(source), since=str(source))["updates"] == []
    assert "channel does not exist" in run(catalog_info, catalog=str(source), since=str(old), package="foo", channel="x")["msg"]


def test_what_an_image_has_that_a_directory_had_not(tmp_path, registry):
    old = catalogs.write(tmp_path / "old", [_at(registry.host, each) for each in catalogs.documents(TEXT.partition("\nbar")[0], NEEDS)])
    arguments = {"catalog": registry.catalog, "since": str(old), "workspace": str(tmp_path / "workspace")}
    assert run(catalog_info, **arguments)["updates"] == [row("bar", "stable", "1.0.0")]
    assert run(catalog_info, **{**arguments, "since": f"{registry.catalog.rpartition(':')[0]}@{registry.root.digest}"})["updates"] == []


def test_listed_packages_beside_the_heads_of_others(source):
    arguments = {"catalog": str(source), "packages": [{"name": "foo", "channels": [{"name": "stable", "min_version": "0.1.0"}]}]}
    found = run(catalog_filter, api_version="v1alpha2", additive=True, **arguments)
    entries = {f"{each['name']} {channel['name']}": channel["entries"] for each in found["packages"] for channel in each["channels"]}
    assert entries == {"bar stable": ["bar.v1.0.0"], "foo stable": ["foo.v0.1.0", "foo.v0.2.0"]}
    assert "v1alpha2 only" in run(catalog_filter, additive=True, **arguments)["msg"]
