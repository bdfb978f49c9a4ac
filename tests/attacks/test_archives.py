# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that somebody swapped or wrote himself: they decide nothing where they are loaded, and are refused before the first push.

| cases | guard |
|---|---|
| malformed plans and histories | `base.shape`, `planning.entries`, `Plan.of`, `History.parse` |
| what an archive claims as its own | `runs.loading.loaded`, `runs.loading.begun`, `Association.found` and `prune.stale` |
| places that its configuration names | `runs.loading.carried` |
| signatures | `stores.archive.signature.require` before anything of the manifest is read |
| keys that are none | `adapters.arguments.archives.trusted_keys`, `signature.require` |
| sequences, expiry, sizes | `FoundArchive.require_follows`, `require_fresh`, `ArchiveReader._arranged`, `archive_import.opened` |
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import image_prune as prune_adapter
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments import archives as adapter
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    CorruptContent,
    Incompatible,
    InputError,
    MirrorError,
    StorageError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards, Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.verify import VerifyRequest, verify_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import SigningKey, TrustedKeys, require
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.tests.fakes import images, oc_mirror, processes, trip
from ansible_collections.disconnected.mirror.tests.fakes.forged import forged
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

APP, TOOL, FOREIGN = images.image("app"), images.image("tool"), images.image("of another team")
MULTI = images.multi_arch("multi")
ALL = Guards(limits=Limits(percent=100))


class Shipped:
    """Two archives of one history."""

    def __init__(self, folder: Any) -> None:
        self.near = trip.Near(folder / "near")
        with FakeRegistry() as source:
            for name, built in (("app", APP), ("tool", TOOL), ("multi", MULTI)):
                images.put(built, source.content, f"team/{name}", "1")
            self.names = [f"{source.host}/team/{name}:1" for name in ("app", "multi")]
            self.first = self.near.ship(*self.names)
            self.second = self.near.ship(*self.names, f"{source.host}/team/tool:1")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: Any) -> Shipped:
    return Shipped(tmp_path_factory.mktemp("shipped"))


@pytest.fixture
def target() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def far(tmp_path: Any, target: FakeRegistry) -> trip.Far:
    return trip.Far(tmp_path / "far", f"docker://{target.host}/ns")


def untouched(target: FakeRegistry) -> bool:
    return not any(target.ledger.count(method) for method in ("PUT", "POST", "PATCH", "DELETE"))


def pruned(far: trip.Far, **more: Any) -> Any:
    request = PruneRequest(PlanSource(far.workspace, connections=trip.CONNECTIONS, **more), far.destination, guards=ALL)
    return prune(request, {})


# --- Malformed plans and histories ---


def at(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """Puts a value at a place of a document."""

    def change(document: dict[str, Any]) -> None:
        here: Any = document
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = value

    return change


PAYLOAD = f"quay.io/release/image@{Digest.of(b'x')}"
PLANS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("the configuration is a list", at("config", value=[]), "config is"),
    ("its version is a list", at("config", "apiVersion", value=[]), "config.apiVersion"),
    ("its stanza is a text", at("config", "mirror", value="x"), "config.mirror"),
    ("its operators are an object", at("config", "mirror", "operators", value={"a": 1}), "config.mirror.operators"),
    ("an operator is a text", at("config", "mirror", "operators", value=["x"]), r"config.mirror.operators\[0\]"),
    ("a catalog is a number", at("config", "mirror", "operators", value=[{"catalog": 1}]), r"operators\[0\].catalog"),
    (
        "a template is a list",
        at("config", "mirror", "operators", value=[{"targetCatalogSourceTemplate": []}]),
        r"operators\[0\].targetCatalogSourceTemplate",
    ),
    ("releases are an object", at("releases", value={}), "releases"),
    ("a release is a number", at("releases", value=[1]), r"releases\[0\]"),
    ("a version is a list", at("releases", value=[{"version": []}]), r"releases\[0\].version"),
    ("a payload is a number", at("releases", value=[{"payload": 5}]), r"releases\[0\].payload"),
    ("signatures are a text", at("releases", value=[{"payload": PAYLOAD, "signatures": "AA"}]), r"releases\[0\].signatures"),
    ("a signature is no base64", at("releases", value=[{"payload": PAYLOAD, "signatures": ["%"]}]), "not base64"),
    ("a signature is a number", at("releases", value=[{"payload": PAYLOAD, "signatures": [7]}]), r"signatures\[0\]"),
    ("a signed payload has no digest", at("releases", value=[{"payload": "quay.io/x:1", "signatures": ["AA=="]}]), "payload"),
    ("a signature has no payload", at("releases", value=[{"signatures": ["AA=="]}]), "has no payload"),
    ("a reason is a number", at("releases", value=[{"why": [[1]]}]), r"why\[0\]\[0\]"),
    ("catalogs are a text", at("catalogs", value="x"), "catalogs"),
    ("packages are a text", at("catalogs", value=[{"packages": "x"}]), r"catalogs\[0\].packages"),
    ("a package is a list", at("catalogs", value=[{"packages": [[]]}]), r"packages\[0\]"),
    ("channels are a number", at("catalogs", value=[{"packages": [{"channels": 3}]}]), "channels"),
    ("a channel is a text", at("catalogs", value=[{"packages": [{"channels": ["x"]}]}]), r"channels\[0\]"),
    ("bundles are an object", at("catalogs", value=[{"packages": [{"channels": [{"bundles": {}}]}]}]), "bundles"),
    ("a bundle is a number", at("catalogs", value=[{"packages": [{"channels": [{"entries": [5]}]}]}]), r"entries\[0\]"),
    ("a head is a list", at("catalogs", value=[{"packages": [{"channels": [{"head": []}]}]}]), "head"),
    ("a chart's file is a number", at("charts", value=[{"file": 1}]), r"charts\[0\].file"),
    ("a chart's images are a text", at("charts", value=[{"images": "x"}]), r"charts\[0\].images"),
    ("a failure's category is a list", at("failures", value=[{"code": "x", "message": "m", "category": []}]), "category"),
    ("a failure's status is a text", at("failures", value=[{"code": "x", "message": "m", "status": "x"}]), "status"),
    ("what wants it is a text", at("failures", value=[{"code": "x", "message": "m", "wanted_by": "abc"}]), "wanted_by"),
    ("a size is beyond all bounds", at("images", 0, "size", value=2**70), r"images\[0\].size"),
    ("a size is a fraction", at("images", 0, "size", value=1.5), r"images\[0\].size"),
    ("images are an object", at("images", value={}), "images"),
    ("a warning is an object", at("warnings", value=[{}]), r"warnings\[0\]"),
]
HISTORIES: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("a sequence is a text", at("runs", 0, "sequence", value="1"), r"runs\[0\].sequence"),
    ("a sequence is true", at("runs", 0, "sequence", value=True), r"runs\[0\].sequence"),
    ("a sequence is below one", at("runs", 0, "sequence", value=0), r"runs\[0\].sequence"),
    ("a sequence is a fraction", at("runs", 0, "sequence", value=1.0), r"runs\[0\].sequence"),
    ("a sequence is beyond all bounds", at("runs", 0, "sequence", value=2**64), r"runs\[0\].sequence"),
    ("a time is a list", at("runs", 0, "timestamp", value=[]), r"runs\[0\].timestamp"),
    ("a time is below zero", at("runs", 0, "timestamp", value=-1), r"runs\[0\].timestamp"),
    ("a configuration is a text", at("runs", 0, "config", value="x"), r"runs\[0\].config"),
    ("a key has two parts", at("runs", 0, "images", value=[["a", Digest.of(b"x")]]), r"runs\[0\].images\[0\]"),
    ("a key names a number", at("runs", 0, "images", value=[["a", Digest.of(b"x"), 1]]), r"images\[0\]\[2\]"),
    ("an archive is a number", at("runs", 0, "archive", value=1), r"runs\[0\].archive"),
    ("runs are an object", at("runs", value={}), "runs"),
    ("a path leads elsewhere", at("associations", 0, "path", value="../../etc"), r"associations\[0\].path"),
    ("a path is a number", at("associations", 0, "path", value=1), r"associations\[0\].path"),
    ("a tag has a slash", at("associations", 0, "tags", value=["a/b"]), r"associations\[0\].tags\[0\]"),
    ("tags are a text", at("associations", 0, "tags", value="ab"), r"associations\[0\].tags"),
    ("a name is a number", at("associations", 0, "name", value=1), r"associations\[0\].name"),
    ("a type is null", at("associations", 0, "type", value=None), r"associations\[0\].type"),
    ("a subject is no digest", at("associations", 0, "subject", value="sha256:x"), r"associations\[0\].subject"),
    ("an identity leads elsewhere", at("uid", value="../x"), "uid"),
    ("an identity is a number", at("uid", value=5), "uid"),
    ("a destination is a list", at("destination", value=[]), "destination"),
]
# Of each kind one that had been found out only after content was pushed.
LATE = (PLANS[0], PLANS[13], PLANS[18], HISTORIES[0], HISTORIES[12])


def malformed(cases: Any) -> Any:
    return pytest.mark.parametrize("change, words", [case[1:] for case in cases], ids=[case[0] for case in cases])


@malformed(PLANS)
def test_a_malformed_plan_is_told_by_its_place(shipped: Shipped, change: Any, words: str) -> None:
    document = json.loads(json.dumps(describe_plan(shipped)))
    change(document)
    with pytest.raises(InputError, match=words):
        Plan.of(document)


@malformed(HISTORIES)
def test_a_malformed_history_is_told_by_its_place(shipped: Shipped, change: Any, words: str) -> None:
    (name,) = os.listdir(shipped.near.workspace.history)
    with open(os.path.join(shipped.near.workspace.history, name), encoding="utf-8") as file:
        document = json.load(file)
    change(document)
    with pytest.raises(InputError, match=words):
        History.parse(document)


def describe_plan(shipped: Shipped) -> dict[str, Any]:
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader

    reader = ArchiveReader(find(shipped.first)[0])
    try:
        return json.loads(reader.document("plan.json"))
    finally:
        reader.close()


@pytest.mark.parametrize("case", LATE, ids=[case[0] for case in LATE])
def test_what_is_malformed_is_refused_before_the_first_push(
    shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any, case: Any
) -> None:
    which = "plan" if case in PLANS else "history"
    with pytest.raises(InputError, match=case[2]):
        far.load(forged(shipped.first, tmp_path / "forged", **{which: case[1]}))
    assert untouched(target) and not os.path.exists(far.workspace.plan)


@pytest.mark.parametrize("content", [b"", b"[", b"NaN", b'{"a": 1e999}', b"[" * 5000, b'"\xff"', b"9" * 5000], ids=repr)
@pytest.mark.parametrize("name", ["plan.json", "history.json"])
def test_what_is_no_document_is_refused(
    shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any, name: str, content: bytes
) -> None:
    with pytest.raises(MirrorError, match="readable|not a|malformed"):
        far.load(forged(shipped.first, tmp_path / "forged", raw={name: content}))
    assert untouched(target)


# --- What an archive claims as its own ---


def foreign(target: FakeRegistry, repository: str = "ns/team-b/database") -> None:
    images.put(FOREIGN, target.content, repository, "prod")


def is_there(target: FakeRegistry) -> bool:
    repository = target.content.repositories["ns/team-b/database"]
    return repository.tags.get("prod") == FOREIGN.digest and FOREIGN.digest in repository.manifests


ENTRY = {"path": "team-b/database", "type": "generic", "manifests": [], "blobs": []}


def claimed(tags: Any = ("prod",), digest: str = FOREIGN.digest, manifests: Any = ()) -> Callable[[dict[str, Any]], None]:
    def change(history: dict[str, Any]) -> None:
        entry = {**ENTRY, "name": "registry.example.com/b:prod", "id": digest, "tags": list(tags), "manifests": list(manifests)}
        history["associations"].append(entry)

    return change


def planned(tags: Any = ("prod",)) -> Callable[[dict[str, Any]], None]:
    """The foreign image among the plan's own."""

    def change(plan: dict[str, Any]) -> None:
        first = plan["images"][0]
        plan["images"].append(
            {
                **first,
                "origin": "registry.example.com/b:prod",
                "destination": "team-b/database",
                "digest": FOREIGN.digest,
                "tags": list(tags),
                "platforms": [],
            }
        )

    return change


def as_child(plan_or_history: dict[str, Any]) -> None:
    """Its own image at the foreign place, with the foreign manifest as a child."""
    if "images" in plan_or_history:
        own = dict(plan_or_history["images"][0], destination="team-b/database", tags=["own"])
        plan_or_history["images"].append(own)
        return
    first = plan_or_history["associations"][0]
    plan_or_history["associations"].append({**first, "path": "team-b/database", "tags": ["own"], "manifests": [FOREIGN.digest]})


CLAIMS: dict[str, dict[str, Any]] = {
    "its history has the foreign image with its tag": {"history": claimed()},
    "its history has the foreign image without a tag": {"history": claimed(tags=())},
    "its plan names the foreign image as it is": {"plan": planned(), "history": claimed()},
    "its plan gives the foreign image a further tag": {"plan": planned(("prod", "more")), "history": claimed(("prod", "more"))},
    "its plan gives the foreign image another tag": {"plan": planned(("more",)), "history": claimed(("more",))},
    "the foreign image is a child of its own": {"plan": as_child, "history": as_child},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_what_was_there_before_is_never_deleted(
    shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any, claims: dict[str, Any]
) -> None:
    foreign(target)
    far.load(forged(shipped.first, tmp_path / "forged", **claims))
    far.load(shipped.second)
    run = pruned(far)
    assert is_there(target), run
    assert all("database" not in candidate.repository or candidate.digest != FOREIGN.digest for candidate in run.gone)


def test_what_an_archive_brought_is_pruned_all_the_same(shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any) -> None:
    """The guard spares what was found, and nothing else."""
    far.load(shipped.first)
    far.load(shipped.second)
    assert target.content.repositories["ns/team/tool"].manifests
    without = forged(
        shipped.second,
        tmp_path / "forged",
        plan=lambda plan: plan["images"].__delitem__(slice(1, None)),
        history=lambda history: history["runs"].append({**history["runs"][-1], "sequence": 3}),
        sequence=3,
        follows=2,
    )
    far.load(without)
    assert pruned(far).gone


def test_an_interrupted_load_still_knows_what_it_brought(shipped: Shipped, far: trip.Far, target: FakeRegistry) -> None:
    """What the first attempt pushed is ours, although the second one finds it there."""
    from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault

    foreign(target, "ns/team/app")
    target.inject(Fault(endpoint="manifest", method="PUT", repository="ns/team/multi", status=403, times=50))
    assert far.load(shipped.first).failures and os.path.exists(far.workspace.loading)
    target.faults.clear() if hasattr(target.faults, "clear") else target.faults.__init__()
    assert far.load(shipped.first).complete and not os.path.exists(far.workspace.loading)
    found = {entry.path: entry.found for entry in History.load(far.workspace, str(far.destination)).associations}
    assert found == {"team/app": False, "team/multi": False}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"archive": 1}', b'{"archive": "x", "images": [1]}'], ids=repr)
def test_a_planted_account_of_a_load_makes_nothing_ours(shipped: Shipped, far: trip.Far, target: FakeRegistry, content: bytes) -> None:
    images.put(APP, target.content, "ns/team/app", "1")
    os.makedirs(far.workspace.root)
    with open(far.workspace.loading, "wb") as file:
        file.write(content)
    assert far.load(shipped.first).complete
    found = {entry.path: entry.found for entry in History.load(far.workspace, str(far.destination)).associations}
    assert found == {"team/app": True, "team/multi": False}


# --- Places that its configuration names ---


@pytest.fixture
def spy() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


def storage(kind: str, spy: FakeRegistry, folder: Any) -> dict[str, Any]:
    if kind == "registry":
        return {"registry": {"imageURL": f"{spy.host}/state/meta:x", "skipTLS": True}}
    return {"local": {"path": str(folder / "stolen")}}


@pytest.mark.parametrize("kind", ["registry", "local"])
@pytest.mark.parametrize("step", ["load", "prune", "verify"])
def test_its_storage_is_asked_for_nothing(shipped: Shipped, far: trip.Far, spy: FakeRegistry, tmp_path: Any, kind: str, step: str) -> None:
    def change(plan: dict[str, Any]) -> None:
        plan["config"].update(apiVersion=trip.V1, storageConfig=storage(kind, spy, tmp_path))

    far.load(forged(shipped.first, tmp_path / "forged", plan=change))
    planning = PlanSource(far.workspace, connections=trip.CONNECTIONS)
    if step == "prune":
        # As on a host that remembers nothing itself.
        shutil.rmtree(far.workspace.history)
        pruned(far)
    if step == "verify":
        shutil.rmtree(far.workspace.history)
        assert verify_mirror(VerifyRequest(planning, far.destination), {}).left.clean
    assert not spy.ledger.entries() and not os.path.exists(tmp_path / "stolen")


@pytest.mark.parametrize("what", ["a pipe", "a secret file", "a folder"])
def test_its_templates_are_not_read(shipped: Shipped, far: trip.Far, tmp_path: Any, what: str) -> None:
    template = tmp_path / "template"
    {"a pipe": os.mkfifo, "a folder": os.mkdir}.get(what, lambda path: path.write_text("spec: {secret: x}"))(template)

    def change(plan: dict[str, Any]) -> None:
        plan["config"]["mirror"]["operators"] = [{"catalog": "registry.example.com/index:1", "targetCatalogSourceTemplate": str(template)}]
        plan["images"][0].update(type="operatorCatalog", why=[["operators[0]"]])

    run = far.load(forged(shipped.first, tmp_path / "forged", plan=change))
    assert any("Archives name no files of this host" in text for text in run.warnings)
    planning = PlanSource(far.workspace, connections=trip.CONNECTIONS)
    written = write_cluster_resources(ResourcesRequest(planning, far.destination), {})
    assert not any(str(template) in text for text in written.warnings)
    assert all(b"secret" not in (change.after or b"") for change in written.changes)


def program(folder: Any) -> tuple[str, Any]:
    """A helm that leaves a trace when it is run."""
    path, trace = folder / "helm", folder / "was-run"
    path.write_text(f"#!/bin/sh\ntouch {trace}\necho v3.0.0\n")
    path.chmod(0o755)
    return str(path), trace


STANZAS: dict[str, dict[str, Any]] = {
    "local charts": {"helm": {"local": [{"name": "app", "path": "/etc"}]}},
    "charts with files of values": {"helm": {"local": [{"name": "app", "path": "/etc", "valueFiles": ["/etc/passwd"]}]}},
    "repositories of charts": {"helm": {"repositories": [{"name": "r", "url": "https://charts.example.com", "charts": [{"name": "c"}]}]}},
    "charts in a registry": {
        "helm": {"repositories": [{"name": "r", "url": "oci://registry.example.com/charts", "charts": [{"name": "c"}]}]}
    },
    "a catalog in a layout": {"operators": [{"catalog": "oci:///etc"}]},
}


@pytest.mark.parametrize("stanza", STANZAS.values(), ids=STANZAS)
@pytest.mark.parametrize("step", ["archive_info", "load"])
def test_a_configuration_of_oc_mirror_leads_to_no_file_and_no_program(
    far: trip.Far, target: FakeRegistry, tmp_path: Any, stanza: dict[str, Any], step: str, monkeypatch: Any
) -> None:
    helm, trace = program(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    name = "registry.example.com/team/app:1"
    document = {"apiVersion": trip.V2, "kind": "ImageSetConfiguration", "mirror": {"additionalImages": [{"name": name}], **stanza}}
    folder = oc_mirror.write_v2(tmp_path / "archive", document, {name: APP})
    if step == "load":
        run = far.load(str(folder), planning={"helm_path": helm})
        assert any("names files of another host" in failure.message for failure in run.failures)
    else:
        describe(str(folder))
    assert not trace.exists()


# --- Signatures ---


@pytest.fixture(scope="module")
def keys(tmp_path_factory: Any) -> dict[str, str]:
    """Private keys by name; the public ones beside them."""
    processes.require("ssh-keygen")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True, stdin=subprocess.DEVNULL)
    return {name: str(folder / name) for name in ("ours", "theirs")}


@pytest.fixture(scope="module")
def signed(keys: dict[str, str], tmp_path_factory: Any) -> dict[str, str]:
    """Folders of archives by who signed them."""
    folder = tmp_path_factory.mktemp("signed")
    found: dict[str, str] = {}
    with FakeRegistry() as source:
        images.put(APP, source.content, "team/app", "1")
        for name, key in (("ours", "ours"), ("theirs", "theirs"), ("nobody", "")):
            near = trip.Near(folder / name)
            more = {"signing": SigningKey("ssh", keys[key])} if key else {}
            found[name] = near.ship(f"{source.host}/team/app:1", **more)
    return found


def changed(folder: str, target: Any, old: bytes, new: bytes) -> str:
    """A copy with some bytes changed, all of them of the same length."""
    shutil.copytree(folder, target)
    path = os.path.join(target, "mirror_seq1_000000.tar")
    with open(path, "rb") as file:
        content = file.read()
    assert old in content and len(old) == len(new)
    with open(path, "wb") as file:
        file.write(content.replace(old, new))
    return str(target)


def exchanged(signed: dict[str, str], target: Any) -> str:
    """The list of contents of one archive with the signature of another."""
    parts = []
    for name in ("theirs", "ours"):
        with open(os.path.join(signed[name], "mirror_seq1_000000.tar"), "rb") as file:
            content = file.read()
        start = content.index(b"-----BEGIN SSH SIGNATURE-----")
        parts.append(content[start : content.index(b"-----END SSH SIGNATURE-----")])
    return changed(signed["theirs"], target, parts[0], parts[1])


REFUSED: dict[str, Callable[[dict[str, str], Any], str]] = {
    "not signed": lambda signed, folder: signed["nobody"],
    "signed by somebody else": lambda signed, folder: signed["theirs"],
    "with the signature of another archive": lambda signed, folder: exchanged(signed, folder / "exchanged"),
    "changed after it was signed": lambda signed, folder: changed(signed["ours"], folder / "changed", b'"sequence": 1', b'"sequence": 2'),
    "called unsigned by itself": lambda signed, folder: changed(signed["ours"], folder / "c", b'"signature": "ssh"', b'"signature": "gpg"'),
}
READERS = ["load", "archive_info", "prune", "cluster_resources", "verify"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("how", REFUSED.values(), ids=REFUSED)
def test_every_module_that_reads_archives_takes_only_signed_ones(
    signed: dict[str, str], keys: dict[str, str], far: trip.Far, target: FakeRegistry, tmp_path: Any, how: Any, reader: str
) -> None:
    trusted = TrustedKeys("ssh", f"{keys['ours']}.pub")
    assert far.load(signed["ours"], trusted=trusted).complete
    if reader == "verify":
        repository = target.content.repositories["ns/team/app"]
        repository.tags.clear()
    target.ledger.clear()
    folder = how(signed, tmp_path)
    with pytest.raises(CorruptContent, match="signature|signed"):
        read(reader, folder, far, trusted)
    assert untouched(target)


def read(reader: str, folder: str, far: trip.Far, trusted: Any) -> Any:
    planning = PlanSource(far.workspace, connections=trip.CONNECTIONS)
    if reader == "load":
        return far.load(folder, trusted=trusted)
    if reader == "archive_info":
        return describe(folder, trusted)
    if reader == "prune":
        return pruned(far, archive=folder, trusted=trusted)
    if reader == "cluster_resources":
        return write_cluster_resources(ResourcesRequest(replace(planning, archive=folder, trusted=trusted), far.destination), {})
    return verify_mirror(VerifyRequest(planning, far.destination, repair=True, archive=folder, trusted=trusted), {})


def test_a_signature_is_looked_at_before_anything_is_parsed(
    signed: dict[str, str], keys: dict[str, str], tmp_path: Any, monkeypatch: Any
) -> None:
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Contents

    monkeypatch.setattr(Contents, "decode", lambda encoded, subject: pytest.fail("it was parsed"))
    with pytest.raises(CorruptContent, match="not signed"):
        find(signed["nobody"], require(TrustedKeys("ssh", f"{keys['ours']}.pub")))


# --- Keys that are none ---


@pytest.mark.parametrize("given", [{}, {"kind": "ssh"}, {"kind": "ssh", "path": ""}, {"path": None}, {"kind": "gpg", "path": ""}], ids=repr)
def test_keys_that_are_given_and_empty_do_not_mean_none_are_needed(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="archive_trusted_keys"):
        adapter.trusted_keys(given)


@pytest.mark.parametrize("kind", ["ssh", "gpg"])
@pytest.mark.parametrize("content", [b"", b"\n\n", b"# of nobody\n", None], ids=["empty", "blank", "comments alone", "not there"])
def test_a_file_without_keys_is_an_error(signed: dict[str, str], tmp_path: Any, kind: str, content: Any) -> None:
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((InputError, StorageError, CorruptContent)):
        find(signed["ours"], require(TrustedKeys(kind, str(path))))


# --- Sequences, expiry, sizes ---


def numbered(sequence: int) -> Callable[[dict[str, Any]], None]:
    return lambda history: history.__setitem__("runs", [{**history["runs"][-1], "sequence": sequence}])


@pytest.mark.parametrize("loaded", [0, 1], ids=["into an empty registry", "after the first"])
@pytest.mark.parametrize("sequence", [10**9, 999_999_999, 20_000])
def test_a_jump_is_refused_and_honest_archives_are_loaded_all_the_same(
    shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any, sequence: int, loaded: int
) -> None:
    if loaded:
        far.load(shipped.first)
    target.ledger.clear()
    folder = forged(shipped.first, tmp_path / "forged", history=numbered(sequence), sequence=sequence, follows=0)
    with pytest.raises(MirrorError, match="leaves a gap|at least|mirror_seq"):
        far.load(folder)
    assert untouched(target)
    assert far.load(shipped.first).failures == () and far.load(shipped.second).complete


CONTRADICTIONS: dict[str, dict[str, Any]] = {
    "its history is of another sequence": {"history": numbered(7)},
    "it says it is of another sequence": {"sequence": 9},
    "its history is of another identity": {"history": at("uid", value="another")},
    "it says it is of another identity": {"uid": "another"},
    "its history has no runs": {"history": at("runs", value=[])},
}


@pytest.mark.parametrize("claims", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_an_archive_that_contradicts_itself_is_refused(
    shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any, claims: dict[str, Any]
) -> None:
    with pytest.raises(MirrorError, match="its history is at sequence"):
        far.load(forged(shipped.first, tmp_path / "forged", **claims))
    assert untouched(target)


def test_nothing_that_was_only_skipped_is_called_complete(shipped: Shipped, far: trip.Far) -> None:
    far.load(shipped.first)
    far.load(shipped.second)
    run = far.load(shipped.first)
    assert run.loaded == () and not run.complete and not run.changed
    assert any("None of the archives was loaded" in text for text in run.warnings)


@pytest.mark.parametrize("reader", ["load", "prune", "cluster_resources"])
def test_an_archive_that_expired_is_refused(shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any, reader: str) -> None:
    folder = forged(shipped.first, tmp_path / "forged", expires=int(time.time()) - 1)
    with pytest.raises(Incompatible, match="the archive expired on"):
        read(reader, folder, far, None)
    assert untouched(target)
    assert far.load(forged(shipped.first, tmp_path / "good", expires=int(time.time()) + 60)).complete


def test_the_day_on_which_it_expires_is_signed(signed: dict[str, str], keys: dict[str, str], tmp_path: Any) -> None:
    with FakeRegistry() as source:
        images.put(APP, source.content, "team/app", "1")
        near = trip.Near(tmp_path / "near")
        folder = near.ship(f"{source.host}/team/app:1", signing=SigningKey("ssh", keys["ours"]), valid_days=3)
    expires = find(folder)[0].contents.expires
    assert 3 * 86400 <= expires - time.time() <= 4 * 86400 and expires % 86400 == 0
    later = changed(folder, tmp_path / "later", f'"expires": {expires}'.encode(), f'"expires": {expires + 86400 * 99}'.encode())
    with pytest.raises(CorruptContent, match="signature is not valid"):
        find(later, require(TrustedKeys("ssh", f"{keys['ours']}.pub")))


def test_whether_to_prune_is_not_left_to_an_archive(far: trip.Far) -> None:
    params = {"archive": "file:///media", "only_v1alpha2": True}
    with pytest.raises(InputError, match="the author of an archive would decide"):
        prune_adapter.prune_request(params)


@pytest.mark.parametrize("name", ["charts/../../escape", "charts/.hidden", "release-signatures/a/b", "../charts/x", "plans/x", "charts/"])
def test_no_document_becomes_a_file_outside_of_its_folder(shipped: Shipped, far: trip.Far, tmp_path: Any, name: str) -> None:
    try:
        folder = forged(shipped.first, tmp_path / "forged", extra={name: b"x"})
    except MirrorError:
        return
    with contextlib.suppress(MirrorError):
        far.load(folder)
    written = {
        os.path.relpath(os.path.join(at_, file), far.workspace.root)
        for at_, _folders, names in os.walk(far.workspace.root)
        for file in names
    }
    assert not [path for path in written if "escape" in path or "hidden" in path or path.startswith("results/plans")]


def test_a_volume_of_another_archive_is_not_told_to_take_the_name_of_a_good_one(shipped: Shipped, tmp_path: Any) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(shipped.first, folder)
    other = forged(shipped.first, tmp_path / "other", plan=at("warnings", value=["of another archive"]))
    shutil.copy(os.path.join(other, "mirror_seq1_000000.tar"), folder / "mirror_seq1_000001.tar")
    with pytest.raises(CorruptContent, match="another archive than mirror_seq1_000000.tar beside it") as caught:
        find(str(folder))
    assert "Rename" not in str(caught.value) and "mirror_seq1_000001.tar" in str(caught.value)


@pytest.mark.parametrize("volumes", [1_000, 999_999])
def test_volumes_that_an_archive_claims_cost_nothing(tmp_path: Any, volumes: int) -> None:
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import header, padded

    contents = Contents("u", 1, 0, 16 * 1024, "", (Content.blob(Digest.of(b"x"), volumes * 12 * 1024),))
    encoded = contents.encoded()
    (tmp_path / "mirror_seq1_000000.tar").write_bytes(header("manifest.json", len(encoded)) + encoded.ljust(padded(len(encoded)), b"\0"))
    began = time.monotonic()
    with pytest.raises(CorruptContent, match="mirror_seq1_000001.tar is missing"):
        ArchiveReader(find(str(tmp_path))[0])
    assert time.monotonic() - began < 1


def test_a_destination_is_the_users_alone(shipped: Shipped, far: trip.Far, target: FakeRegistry, tmp_path: Any) -> None:
    """A history that names another destination changes nothing about where it goes."""
    other = Destination.parse(f"docker://{target.host}/elsewhere")
    far.load(forged(shipped.first, tmp_path / "forged", history=at("destination", value=str(other))))
    assert not [name for name in target.content.repositories if name.startswith("elsewhere")]
    assert [replace(History.load(far.workspace, str(far.destination)), associations=(), runs=()).destination] == [str(far.destination)]
