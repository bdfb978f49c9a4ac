# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of images: one verifier, for what lies in stores and for what lies beside the image; what is signed is what was asked for.

| cases | guard |
|---|---|
| another digest, another name | `claim.check` |
| another tag | `claim.check_tag`, given the tag that was asked for (`attached.find` had overwritten it) |
| another kind, unknown members | `claim.parse` |
| another key, no signature, damage | `openpgp.verify`, `attached._verify` |
| stores that do not answer | `verifier._worst` |
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError, NotFound, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import openpgp
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError, SignatureMissing
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import REQUIRE, Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.verifier import Asked, Verifier
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.release import SigningKey, claim

NAME, DIGEST, OTHER = "registry.example.com/team/index", Digest.of(b"wanted"), Digest.of(b"other")
STORE = "https://signatures.example.com/"
COSIGN = "cosign container image signature"
# What was signed: digest, identity and further members of `critical`; what it was asked for by; and whether it is good.
Case = dict[str, Any]
GOOD: dict[str, Case] = {
    "of this tag": {"identity": f"{NAME}:v4.14"},
    "of the name alone": {"identity": NAME},
    "of this digest in its name": {"identity": f"{NAME}@{DIGEST}"},
    "of any tag, when asked for by digest": {"identity": f"{NAME}:v4.13", "tag": ""},
    "of the name alone, when asked for by digest": {"identity": NAME, "tag": ""},
    "of a name that is trusted besides": {"identity": "quay.io/origin/index:v4.14", "names": ("quay.io/origin/index",)},
}
BAD: dict[str, Case] = {
    "of an older tag": {"identity": f"{NAME}:v4.13", "words": "is for the tag v4.13"},
    "of a later tag": {"identity": f"{NAME}:v4.15", "words": "is for the tag v4.15"},
    "of the tag where the signature lies": {"identity": f"{NAME}:sha256-{DIGEST.hex}.sig", "words": "is for the tag sha256-"},
    "of an older tag of a trusted name": {
        "identity": "quay.io/origin/index:v4.13",
        "names": ("quay.io/origin/index",),
        "words": "is for the tag v4.13",
    },
    "of another digest": {"digest": OTHER, "words": "the signature is for sha256"},
    "of another repository": {"identity": "registry.example.com/team/other:v4.14", "words": "another name"},
    "of the same path on another host": {"identity": "evil.example.com/team/index:v4.14", "words": "another name"},
    "of a name that begins like it": {"identity": f"{NAME}-evil:v4.14", "words": "another name"},
    "of a name that ends like it": {"identity": f"evil.example.com/{NAME}:v4.14", "words": "another name"},
    "of a name that is none": {"identity": "a b c", "words": "another name"},
    "of nothing": {"identity": "", "words": "names no image"},
    "of another kind": {"kind": "something else", "words": "has the type"},
    "with a member that nobody knows": {"more": {"extra": 1}, "words": "unknown member"},
    "with a digest that is none": {"digest": "sha256:xyz", "words": "not a digest"},
    "by another key": {"key": "theirs", "words": "trusted"},
    "damaged": {"damage": True, "words": "signature"},
}


class Signer:
    """Of one form: signs claims and finds them again through the verifier."""

    form = ""

    def find(self, case: Case) -> Any:
        raise NotImplementedError

    def content(self, case: Case, kind: str) -> bytes:
        return claim(case.get("digest", DIGEST), case.get("identity", f"{NAME}:v4.14"), type=case.get("kind", kind), **case.get("more", {}))


def asked(case: Case) -> Asked:
    return Asked(NAME, DIGEST, case.get("tag", "v4.14"))


class InStores(Signer):
    """OpenPGP messages in a store."""

    form = "in a store"

    def __init__(self, keys: dict[str, Any]) -> None:
        self.keys = keys

    def find(self, case: Case) -> Any:
        message = bytearray(self.keys[case.get("key", "ours")].sign(self.content(case, "atomic container signature")))
        if case.get("damage"):
            message[len(message) // 2] ^= 1
        trust = Trust(REQUIRE, (STORE,), (openpgp.binary_key(self.keys["ours"].public),), case.get("names", ()))
        return Verifier(None, served([bytes(message)])).find(asked(case), trust)


class Attached(Signer):
    """Signatures beside the image."""

    form = "beside the image"

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self.keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ours", "theirs")}

    def find(self, case: Case) -> Any:
        store = MemoryStore()
        self.attach(store, [case])
        return Verifier(store, nothing).find(asked(case), self.trust(case))

    def trust(self, case: Case) -> Trust:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem = self.keys["ours"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Trust(REQUIRE, (), (), case.get("names", ()), (pem,))

    def attach(self, store: MemoryStore, cases: list[Case], digest: Digest = DIGEST) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        config = store.add_blob(NAME, b"{}")
        layers = []
        for case in cases:
            content = self.content(case, COSIGN)
            raw = self.keys[case.get("key", "ours")].sign(content, ec.ECDSA(hashes.SHA256()))
            layer = store.add_blob(NAME, content)
            text = base64.b64encode(raw[::-1] if case.get("damage") else raw).decode()
            annotations = {"dev.cosignproject.cosign/signature": text}
            layers.append({"mediaType": "x", "digest": layer.digest, "size": layer.size, "annotations": annotations})
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": layers}
        document["config"] = {"mediaType": "x", "digest": config.digest, "size": config.size}
        store.add_document(NAME, document, f"sha256-{digest.hex}.sig")


def nothing(url: str, _headers: Any, _limit: int) -> bytes:
    raise NotFound(f"{url} is not there")


def served(messages: list[bytes], error: MirrorError | None = None) -> Callable[..., bytes]:
    def fetch(url: str, headers: Any, limit: int) -> bytes:
        if error is not None:
            raise error
        number = int(url.rpartition("-")[2])
        return messages[number - 1] if number <= len(messages) else nothing(url, headers, limit)

    return fetch


@pytest.fixture(scope="module")
def keys() -> Iterator[dict[str, Any]]:
    made = {name: SigningKey() for name in ("ours", "theirs")}
    yield made
    for key in made.values():
        key.close()


@pytest.fixture(scope="module", params=["in a store", "beside the image"])
def signer(request: Any) -> Signer:
    if request.param == "beside the image":
        pytest.importorskip("cryptography", reason="the Python package cryptography is not installed: pip install cryptography")
        return Attached()
    return InStores(request.getfixturevalue("keys"))


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_a_good_signature_is_taken(signer: Signer, case: Case) -> None:
    assert signer.find(case).claim.digest == DIGEST


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_signature_of_something_else_is_refused(signer: Signer, case: Case) -> None:
    with pytest.raises(SignatureError, match=case["words"]) as caught:
        signer.find(case)
    assert not isinstance(caught.value, SignatureMissing)


@pytest.fixture(scope="module")
def attached() -> Attached:
    pytest.importorskip("cryptography", reason="the Python package cryptography is not installed: pip install cryptography")
    return Attached()


@pytest.mark.parametrize("bad", [BAD["by another key"], BAD["of an older tag"], BAD["damaged"]], ids=["key", "tag", "damage"])
def test_a_good_signature_behind_a_bad_one_counts(attached: Attached, bad: Case) -> None:
    store = MemoryStore()
    attached.attach(store, [bad, GOOD["of this tag"]])
    assert Verifier(store, nothing).find(asked({}), attached.trust({})).claim.tag == "v4.14"


@pytest.mark.parametrize("count", [0, 21, 500])
def test_a_heap_of_signatures_is_not_gone_through(attached: Attached, count: int) -> None:
    """Twenty are looked at: the good one behind them is not found, and none of them is no signature."""
    store = MemoryStore()
    attached.attach(store, [BAD["by another key"]] * min(count, 21) + ([GOOD["of this tag"]] if count else []))
    with pytest.raises(SignatureError, match="was found" if not count else "trusted keys"):
        Verifier(store, nothing).find(asked({}), attached.trust({}))


@pytest.mark.parametrize(
    "instances, good", [((OTHER,), True), ((OTHER, Digest.of(b"third")), False), ((), False)], ids=["each", "only some", "none"]
)
def test_an_index_counts_as_signed_when_each_instance_is(attached: Attached, instances: Any, good: bool) -> None:
    store = MemoryStore()
    attached.attach(store, [{"digest": OTHER}], OTHER)
    verifier = Verifier(store, nothing)
    if good:
        verifier.check(asked({}), instances, attached.trust({}))
    else:
        with pytest.raises(SignatureMissing):
            verifier.check(asked({}), instances, attached.trust({}))


def test_an_instance_of_an_older_tag_does_not_vouch_for_an_index(attached: Attached) -> None:
    store = MemoryStore()
    attached.attach(store, [{"digest": OTHER, "identity": f"{NAME}:v4.13"}], OTHER)
    with pytest.raises(SignatureError, match="is for the tag v4.13"):
        Verifier(store, nothing).check(asked({}), (OTHER,), attached.trust({}))


@pytest.mark.parametrize(
    "error, kind",
    [(Unreachable("away"), Unreachable), (MirrorError("odd"), SignatureError), (NotFound("none"), SignatureMissing)],
    ids=["away", "odd", "absent"],
)
def test_a_store_that_gives_nothing_makes_nothing_good(keys: dict[str, Any], error: MirrorError, kind: Any) -> None:
    trust = Trust(REQUIRE, (STORE,), (openpgp.binary_key(keys["ours"].public),))
    with pytest.raises(kind, match="no signature of"):
        Verifier(None, served([], error)).find(asked({}), trust)
    assert Verifier(None, served([], error)).problem(asked({}), (), trust) is not None


@pytest.mark.parametrize("most", [1, 9, 50])
def test_a_store_without_end_is_left(keys: dict[str, Any], most: int) -> None:
    counted: list[str] = []
    message = keys["theirs"].sign(claim(DIGEST, f"{NAME}:v4.14")) if most == 1 else b"garbage"

    def fetch(url: str, _headers: Any, _limit: int) -> bytes:
        counted.append(url)
        return message

    trust = Trust(REQUIRE, (STORE,), (openpgp.binary_key(keys["ours"].public),))
    with pytest.raises(SignatureError):
        Verifier(None, fetch, most).find(asked({}), trust)
    assert len(counted) == most
