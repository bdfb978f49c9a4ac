# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogs that another tool signed: skopeo makes the signatures and their store, and planning believes them."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import copy_blob
from ansible_collections.disconnected.mirror.plugins.modules import imageset_plan
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess, require
from ansible_collections.disconnected.mirror.tests.fakes.release import SigningKey

TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with DistributionProcess(str(tmp_path_factory.mktemp("registry"))) as process:
        publish(process.host)
        yield process


@pytest.fixture(scope="module")
def key():
    made = SigningKey("Publisher")
    yield made
    made.close()


def publish(host):
    """The catalog as `team/index:v1`, with stand-ins for the images of its bundles."""
    memory, store = MemoryStore(), RegistryStore(host, Http(Settings.of({"plain_http": True})), writing=True)
    documents = catalogs.documents(TEXT)
    for document in documents:
        for each in document.get("relatedImages", ()):
            name, _colon, tag = each["image"].partition("/")[2].rpartition(":")
            images.push(images.image(each["image"]), store, name, tag)
            each["image"] = each["image"].replace("quay.example.com", host)
        if document.get("image"):
            document["image"] = document["image"].replace("quay.example.com", host)
    root = catalogs.publish(memory, "index", "v1", documents)
    for manifest in [*(memory.fetch_manifest("index", child.digest) for child in root.children), root]:
        for blob in manifest.blobs:
            copy_blob(memory, "index", store, "team/index", blob)
        store.put_manifest("team/index", manifest, "v1" if manifest is root else "")
    store.close()


def sign(registry, key, folder, *options):
    """Copies the catalog to `signed/index:v1` with signatures, which go to a store below the folder."""
    os.makedirs(folder / "registries.d")
    store = folder / "sigstore"
    (folder / "registries.d" / "default.yaml").write_text(f"default-docker:\n  sigstore-staging: file://{store}\n")
    fingerprint = next(
        line.split(":")[9] for line in key.run("--with-colons", "--list-keys").decode().splitlines() if line.startswith("fpr")
    )
    command = [require("skopeo"), "--insecure-policy", "--registries.d", str(folder / "registries.d"), "copy", *options]
    command += ["--src-tls-verify=false", "--dest-tls-verify=false", "--sign-by", fingerprint]
    command += [f"docker://{registry.host}/{name}:v1" for name in ("team/index", "signed/index")]
    done = subprocess.run(command, env={**os.environ, "GNUPGHOME": key.home}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return f"file://{store}"


@pytest.mark.parametrize("options", [("--all",), ()], ids=["index", "instance"])
def test_what_skopeo_signed_is_believed(registry, key, tmp_path, options):
    store = sign(registry, key, tmp_path, *options)
    path = tmp_path / "key.asc"
    path.write_bytes(key.public)

    def plan(catalog):
        operators = [{"catalog": f"{registry.host}/{catalog}:v1", "packages": [{"name": "foo"}]}]
        arguments = {
            "imageset": {
                "apiVersion": "mirror.openshift.io/v2alpha1",
                "kind": "ImageSetConfiguration",
                "mirror": {"operators": operators},
            },
            "workspace": str(tmp_path / "workspace"),
            "tls": [{"host": "*", "plain_http": True}],
            "catalog_signatures": [{"catalog": "*", "keys": [str(path)], "urls": [store]}],
        }
        return run_module(imageset_plan, arguments)

    planned = plan("signed/index")
    assert "failed" not in planned and planned["catalogs"] == 1, planned
    # The copy that it was made of has the same content, and nobody signed it under that name.
    refused = plan("team/index")
    assert [failure["code"] for failure in refused["failures"]] == ["signature_missing"]
