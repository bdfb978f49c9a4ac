# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's release through all three workflows: its stand-ins for installer and client come out and know the mirror."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest
import yaml

from ansible_collections.disconnected.mirror.extensions.demo import release as demo
from ansible_collections.disconnected.mirror.extensions.demo.fill import push
from ansible_collections.disconnected.mirror.plugins.module_utils.http import registries_conf
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.modules import cluster_bootstrap, image_mirror
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

VERSION = "4.99.2"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
# What the installer's schema has for these (openshift/installer, pkg/types/installconfig.go).
SOURCE_MEMBERS = {"source", "mirrors", "sourcePolicy"}


class World:
    def __init__(self, folder, source, mirror, island):
        self.folder, self.source, self.mirror, self.island = folder, source, mirror, island
        self.payloads, images = demo.release_images(source.host)
        store = RegistryStore(source.host, Http(Settings.of({"plain_http": True})), writing=True)
        for image in images:
            push(image, store)
        store.close()
        self.services = demo.write_services(source.host, self.payloads, os.path.join(folder, "services"))
        with open(self.path("ca.pem"), "w", encoding="ascii") as file:
            file.write(CERTIFICATE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def common(self, workspace):
        return {"workspace": self.path(workspace), "tls": [{"host": "*", "plain_http": True}], "retry_times": 0}

    def planned(self, workspace, **more):
        channel = {"name": demo.CHANNEL, "minVersion": VERSION, "maxVersion": VERSION}
        imageset = {
            "apiVersion": "mirror.openshift.io/v2alpha1",
            "kind": "ImageSetConfiguration",
            "mirror": {"platform": {"architectures": ["multi"], "channels": [channel]}},
        }
        options = {name[len("mirror_") :]: value for name, value in self.services.items()}
        return {**self.common(workspace), "imageset": imageset, **options, **more}

    def run(self, module, arguments, **more):
        result = run_module(module, arguments, **more)
        assert "failed" not in result, result["msg"]
        return result

    def bootstrap(self, workspace, registry, dest, check_mode=False, **more):
        arguments = {
            **self.common(workspace),
            "destination": f"docker://{registry.host}/ocp",
            "dest": self.path(dest),
            "platforms": ["linux_amd64", "linux_arm64"],
            "trusted_ca": self.path("ca.pem"),
            **more,
        }
        return self.run(cluster_bootstrap, arguments, check_mode=check_mode)

    def written(self, dest):
        found = {}
        for path, _folders, names in os.walk(self.path(dest)):
            for name in names:
                with open(os.path.join(path, name), "rb") as file:
                    found[os.path.relpath(os.path.join(path, name), self.path(dest))] = file.read()
        return found


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeRegistry() as source, FakeRegistry() as mirror, FakeRegistry() as island:
        yield World(str(tmp_path), source, mirror, island)


def check(world, result, dest, registry):
    image = f"{registry.host}/ocp/openshift/release-images@{world.payloads[VERSION].digest}"
    assert result["release_image"] == image and result["version"] == VERSION
    written = world.written(dest)
    for architecture in ("amd64", "arm64"):
        for tool in ("openshift-install", "oc"):
            path = f"linux_{architecture}/{tool}"
            assert os.stat(os.path.join(world.path(dest), path)).st_mode & 0o777 == 0o755 & ~_umask()
            assert written[path].startswith(b"#!/bin/sh") and VERSION.encode() + b"\x00" in written[path]
            assert (image.encode() + b"\x00" in written[path]) is (tool == "openshift-install")
            ran = subprocess.run([os.path.join(world.path(dest), path)], capture_output=True, text=True, check=True, timeout=20)
            assert ran.stdout == f"{tool} for {architecture}\n"
    sums = dict(reversed(line.split("  ")) for line in written["sha256sum.txt"].decode().splitlines())
    assert sums == {path: hashlib.sha256(content).hexdigest() for path, content in written.items() if path in sums} and len(sums) == 7
    assert {file["path"]: file["sha256"] for file in result["files"]} == sums


def _umask():
    current = os.umask(0)
    os.umask(current)
    return current


def test_from_registry_to_registry(world):
    world.run(image_mirror, world.planned("workspace", destination=f"docker://{world.mirror.host}/ocp"))
    predicted = world.bootstrap("workspace", world.mirror, "out", check_mode=True)
    assert predicted["changed"] and not os.path.exists(world.path("out"))
    result = world.bootstrap("workspace", world.mirror, "out")
    check(world, result, "out", world.mirror)
    assert [file["path"] for file in predicted["files"]] == [file["path"] for file in result["files"]]
    read = world.mirror.ledger.count("GET", "blob")
    again = world.bootstrap("workspace", world.mirror, "out")
    assert not again["changed"] and again["files"] == [{**file, "changed": False} for file in result["files"]]
    assert world.mirror.ledger.count("GET", "blob") == read
    with open(world.path("out/linux_amd64/oc"), "ab") as file:
        file.write(b"damage")
    mended = world.bootstrap("workspace", world.mirror, "out")
    assert [file["path"] for file in mended["files"] if file["changed"]] == ["linux_amd64/oc"]


def test_to_disk_and_from_disk(world):
    archive = f"file://{world.path('archives')}"
    world.run(image_mirror, world.planned("workspace", destination=archive))
    # Before any registry has it.
    result = world.bootstrap("elsewhere", world.island, "from-archive", archive=archive)
    check(world, result, "from-archive", world.island)
    loaded = {**world.common("island"), "archive": archive, "destination": f"docker://{world.island.host}/ocp"}
    world.run(image_mirror, loaded)
    result = world.bootstrap("island", world.island, "from-mirror")
    check(world, result, "from-mirror", world.island)
    before, after = world.written("from-archive"), world.written("from-mirror")
    assert {path: content for path, content in before.items() if path != "bootstrap.json"} == {
        path: content for path, content in after.items() if path != "bootstrap.json"
    }


def test_what_installers_are_told_fits_the_mirror(world):
    world.run(image_mirror, world.planned("workspace", destination=f"docker://{world.mirror.host}/ocp"))
    world.bootstrap("workspace", world.mirror, "out", tools=[])
    text = world.written("out")["install-config-excerpt.yaml"].decode()
    config = yaml.safe_load(text)
    assert set(config) == {"imageDigestSources", "additionalTrustBundle"} and config["additionalTrustBundle"] == CERTIFICATE
    assert f'# pullSecret: \'{{"auths": {{"{world.mirror.host}"' in text
    for entry in config["imageDigestSources"]:
        assert set(entry) <= SOURCE_MEMBERS and isinstance(entry["source"], str) and all(isinstance(each, str) for each in entry["mirrors"])
    sources = {entry["source"]: entry["mirrors"] for entry in config["imageDigestSources"]}
    place = f"{world.mirror.host}/ocp/openshift"
    assert sources == {
        f"{world.source.host}/demo/release": [f"{place}/release-images"],
        f"{world.source.host}/demo/release-content": [f"{place}/release"],
    }
    conf = registries_conf.RegistriesConf.of(world.path("out/mirror/registries.conf"), {})
    found = conf.find(f"{world.source.host}/demo/release-content")
    assert found is not None and world.written("out")["mirror/ca-bundle.crt"].decode() == CERTIFICATE


def test_what_is_not_there_is_said(world):
    world.run(image_mirror, world.planned("workspace", destination=f"docker://{world.mirror.host}/ocp"))
    arguments = {**world.common("workspace"), "destination": f"docker://{world.mirror.host}/ocp", "dest": world.path("out")}
    other = run_module(cluster_bootstrap, {**arguments, "version": "4.99.1"})
    assert other["failed"] and "has no such release: 4.99.2 (multi)" in other["msg"]
    missing = run_module(cluster_bootstrap, {**arguments, "platforms": ["windows"]})
    assert missing["failed"] and "the release has no installer-artifacts" in missing["msg"]
    assert not os.path.exists(world.path("out/windows")) or os.listdir(world.path("out/windows")) == []


def test_bytes_that_are_not_those_of_the_digest_become_no_program(world):
    world.run(image_mirror, world.planned("workspace", destination=f"docker://{world.mirror.host}/ocp"))
    held = world.mirror.content.blobs
    programs = [digest for digest, blob in held.items() if b"usr/bin/oc" in bytes(blob[:512])]
    assert programs
    for digest in programs:
        content = bytearray(held[digest][:])
        content[-1024 * 64] ^= 1
        held[digest] = bytes(content)
    arguments = {
        **world.common("workspace"),
        "destination": f"docker://{world.mirror.host}/ocp",
        "dest": world.path("out"),
        "tools": ["oc"],
    }
    result = run_module(cluster_bootstrap, arguments)
    assert result["failed"] and result["error"]["code"] == "corrupt_content" and world.written("out") == {}
