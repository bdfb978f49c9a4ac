# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release signatures (config-and-releases 2.7): each way of being good or bad, with its message."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound, Unreachable, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import SIGNED_NAMES, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim as claims
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import keys, openpgp, stores
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError, SignatureMissing
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import REQUIRE, Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.verifier import Asked, verify
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.release import SigningKey, claim, signature_path

DATA = os.path.join(SHARED_DATA, "releases")
NAME = "quay.io/openshift-release-dev/ocp-release"
DIGEST = Digest.of(b"a release")
ASKED = Asked(NAME, DIGEST)
STORE = "https://signatures.example.com/release/"


def trust(key, urls=(STORE,), names=()):
    return Trust(REQUIRE, urls, (openpgp.binary_key(key.public),), names)


def signed(key, digest=DIGEST, identity=f"{NAME}:4.14.1-x86_64", **critical):
    return key.sign(claim(digest, identity, **critical))


def test_a_good_signature(release_key):
    found = verify(signed(release_key), ASKED, trust(release_key))
    assert (found.claim.repository, found.claim.tag, found.claim.digest) == (NAME, "4.14.1-x86_64", DIGEST)
    assert len(found.key) == 40


def test_sig11_wrong_key(release_key, other_key):
    with pytest.raises(SignatureError, match="made with the key [0-9A-F]{16}, which is not a trusted one"):
        verify(signed(other_key), ASKED, trust(release_key))


def test_sig12_changed_content(release_key):
    message = bytearray(release_key.sign(claim(DIGEST, f"{NAME}:1"), "--compress-algo", "none"))
    place = bytes(message).index(b"atomic")
    message[place] ^= 1
    with pytest.raises(SignatureError, match="content or signature were changed"):
        verify(bytes(message), ASKED, trust(release_key))


def test_sig13_expired_key():
    key = SigningKey("Old", "1d", "20200101T000000")
    try:
        with pytest.raises(SignatureError, match="the key of the signature has expired"):
            verify(signed(key), ASKED, trust(key))
    finally:
        key.close()


def test_sig13_expired_signature():
    key = SigningKey("Early", "never", "20200101T000000")
    try:
        message = key.sign(claim(DIGEST, f"{NAME}:1"), "--default-sig-expire", "1d")
        with pytest.raises(SignatureError, match="the signature has expired"):
            verify(message, ASKED, trust(key))
    finally:
        key.close()


def test_sig15_wrong_digest(release_key):
    with pytest.raises(SignatureError, match=f"the signature is for {Digest.of(b'other')} .*, not for {DIGEST}"):
        verify(signed(release_key, Digest.of(b"other")), ASKED, trust(release_key))


def test_wrong_identity(release_key):
    message = signed(release_key, identity="quay.io/other/thing:1")
    with pytest.raises(SignatureError, match="for an image of another name, quay.io/other/thing:1"):
        verify(message, ASKED, trust(release_key))
    assert verify(message, ASKED, trust(release_key, names=("quay.io/other/thing",)))


def test_sig10_truncated_at_every_length(release_key):
    message = signed(release_key)
    for length in range(1, len(message), 7):
        with pytest.raises(SignatureError):
            verify(message[:length], ASKED, trust(release_key))
    with pytest.raises(SignatureError, match="truncated"):
        verify(message[: len(message) // 2], ASKED, trust(release_key))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"", "not an OpenPGP message"),
        (b"<html>", "not an OpenPGP message"),
        (b"\x80" * 60_000, "more than the 51200"),
        (b"\xff\x00\xff", "truncated"),
    ],
    ids=["empty", "page", "long", "packet"],
)
def test_sig10_what_is_no_message(message, text, release_key):
    with pytest.raises(SignatureError, match=text):
        verify(message, ASKED, trust(release_key))


def test_sig10_an_unsigned_message(release_key):
    with pytest.raises(SignatureError, match="not a signed message"):
        verify(release_key.run("--store", content=claim(DIGEST, f"{NAME}:1")), ASKED, trust(release_key))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"not json", "not JSON"),
        (b"[]", "not a JSON object"),
        (claim(DIGEST, f"{NAME}:1", type="other"), "has the type 'other'"),
        (claim(DIGEST, ""), "names no image"),
        (claim(DIGEST, f"{NAME}:1", more=1), "unknown member 'more'"),
        (claim("sha256-12", f"{NAME}:1"), "is not a digest"),
        (claim("sha256:" + "A" * 64, f"{NAME}:1"), "is not a digest"),
        (claim(DIGEST, f"{NAME}:1", image={"docker-manifest-digest": DIGEST, "x": 1}), "unknown member 'x'"),
    ],
)
def test_sig14_sig16_the_signed_document_is_read_strictly(content, text):
    with pytest.raises(SignatureError, match=text):
        claims.parse(content)


def test_sig14_unknown_members_are_tolerated_under_optional():
    document = json.loads(claim(DIGEST, f"{NAME}:1"))
    document["optional"]["anything"] = {"at": ["all"]}
    assert claims.parse(json.dumps(document).encode()).digest == DIGEST


class Stores:
    """Signature stores by URL; absent ones answer 404."""

    def __init__(self, contents):
        self.contents = contents
        self.asked = []

    def fetch(self, url, headers, limit):
        self.asked.append(url)
        content = self.contents.get(url, NotFound(f"{url} is not there", status=404))
        if isinstance(content, Exception):
            raise content
        return content


def place(number=1, store=STORE, digest=DIGEST):
    return store + signature_path(digest, number)


def test_sig01_the_path_has_an_equals_sign():
    assert stores.url(STORE, DIGEST, 1) == f"{STORE}sha256={DIGEST.hex}/signature-1"


def test_found_signatures_are_kept_and_not_asked_for_again(tmp_path, release_key):
    stores = Stores({place(): signed(release_key)})
    workspace = Workspace(str(tmp_path))
    first = signatures.Signatures(workspace, stores.fetch).find(ASKED, trust(release_key))
    again = signatures.Signatures(workspace).find(ASKED, trust(release_key))
    assert first.content == again.content == stores.contents[place()]
    assert stores.asked == [place()]


def test_a_kept_signature_that_no_trusted_key_made_is_not_taken(tmp_path, release_key, other_key):
    workspace = Workspace(str(tmp_path))
    signatures.Signatures(workspace, Stores({place(): signed(other_key)}).fetch).find(ASKED, trust(other_key))
    found = signatures.Signatures(workspace, Stores({place(): signed(release_key)}).fetch).find(ASKED, trust(release_key))
    assert found.claim.digest == DIGEST


def test_the_next_number_is_tried_after_a_bad_signature(tmp_path, release_key, other_key):
    stores = Stores({place(1): signed(other_key), place(2): b"garbage", place(3): signed(release_key)})
    signatures.Signatures(Workspace(str(tmp_path)), stores.fetch).find(ASKED, trust(release_key))
    assert stores.asked == [place(1), place(2), place(3)]


def test_no_more_than_nine_are_tried(tmp_path, release_key, other_key):
    stores = Stores({place(number): signed(other_key) for number in range(1, 20)})
    with pytest.raises(SignatureError, match="not a trusted one"):
        signatures.Signatures(Workspace(str(tmp_path)), stores.fetch).find(ASKED, trust(release_key))
    assert len(stores.asked) == 9


def test_the_next_store_is_asked_when_one_has_nothing_or_is_away(tmp_path, release_key):
    second, third = "https://two.example.com/", "https://three.example.com/"
    stores = Stores({place(1, second): Unreachable("two.example.com does not answer"), place(1, third): signed(release_key)})
    found = signatures.Signatures(Workspace(str(tmp_path)), stores.fetch).find(ASKED, trust(release_key, (STORE, second, third)))
    assert found.claim.digest == DIGEST
    assert stores.asked == [place(1), place(1, second), place(1, third)]


def test_a_store_may_be_a_directory(tmp_path, release_key):
    folder = tmp_path / "store" / f"sha256={DIGEST.hex}"
    folder.mkdir(parents=True)
    (folder / "signature-1").write_bytes(signed(release_key))
    trusted = trust(release_key, (f"file://{tmp_path}/empty/", f"file://{tmp_path}/store/"))
    assert signatures.Signatures(Workspace(str(tmp_path))).find(ASKED, trusted).claim.digest == DIGEST


def test_missing(tmp_path, release_key):
    with pytest.raises(SignatureMissing, match=f"no signature of {ASKED} was found in {STORE}") as caught:
        signatures.Signatures(Workspace(str(tmp_path)), Stores({}).fetch).find(ASKED, trust(release_key))
    assert caught.value.code == "signature_missing"


def test_a_store_that_is_away_is_told(tmp_path, release_key):
    stores = Stores({place(): Unreachable("signatures.example.com does not answer")})
    with pytest.raises(Unreachable, match="could be read: signatures.example.com does not answer"):
        signatures.Signatures(Workspace(str(tmp_path)), stores.fetch).find(ASKED, trust(release_key))


def test_no_key_at_all(tmp_path):
    with pytest.raises(SignatureError, match="no public key"):
        signatures.Signatures(Workspace(str(tmp_path))).find(ASKED, Trust(REQUIRE, (STORE,), ()))


def test_sig21_keys_that_are_none(release_key):
    damaged = release_key.public.replace(b"\n\n", b"\n\nA", 1)
    for text in (
        b"",
        b"hello",
        damaged,
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END PGP PUBLIC KEY BLOCK-----\n",
        b"\x99" * 2_000_000,
    ):
        with pytest.raises(InputError):
            openpgp.binary_key(text, "key.asc")


def test_keys_may_be_armoured_or_not_and_several_in_a_file(release_key, other_key):
    both = openpgp.binary_key(release_key.public + b"\n" + other_key.public)
    assert openpgp.binary_key(both) == both
    assert verify(signed(other_key), ASKED, Trust(REQUIRE, (), (both,)))


def test_gpg_is_used_where_gpgv_is_missing(release_key, other_key, tmp_path, monkeypatch):
    good, bad, trusted = signed(release_key), signed(other_key), trust(release_key)
    os.symlink(shutil.which("gpg"), tmp_path / "gpg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verify(good, ASKED, trusted)
    with pytest.raises(SignatureError, match="not a trusted one"):
        verify(bad, ASKED, trusted)


def test_no_program_to_verify_with_is_told(release_key, monkeypatch, tmp_path):
    message, trusted = signed(release_key), trust(release_key)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    with pytest.raises(Unsupported, match="neither gpgv nor gpg"):
        verify(message, ASKED, trusted)


def test_sequoia_is_used_where_gnupg_is_missing(release_key, other_key, monkeypatch, tmp_path):
    pytest.importorskip("pysequoia")
    message, bad, trusted = signed(release_key), signed(other_key), trust(release_key)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verify(message, ASKED, trusted).claim.digest == DIGEST
    for wrong in (bad, message[:80], b"\xff\x00"):
        with pytest.raises(SignatureError):
            verify(wrong, ASKED, trusted)


def attached(store, key, content, signature=None):
    """What cosign puts beside an image."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    raw = key.sign(content, ec.ECDSA(hashes.SHA256())) if key is not None else b""
    config, layer = store.add_blob(NAME, b"{}"), store.add_blob(NAME, content)
    entry = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": layer.digest, "size": layer.size}
    entry["annotations"] = {"dev.cosignproject.cosign/signature": base64.b64encode(raw).decode() if signature is None else signature}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"mediaType": "x", "digest": config.digest, "size": config.size}}
    store.add_document(NAME, {**document, "layers": [entry]}, f"sha256-{DIGEST.hex}.sig")


def cosigned(digest=DIGEST, identity=NAME):
    return claim(digest, identity, type="cosign container image signature")


class TestAttachedSignatures:
    """Signatures in the registry beside the release."""

    @pytest.fixture
    def key(self):
        curves = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
        return curves.generate_private_key(curves.SECP256R1())

    def find(self, store, key, tmp_path, tag="", **more):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        trusted = Trust(REQUIRE, (), (), public_keys=(pem,), **more)
        return signatures.Signatures(Workspace(str(tmp_path)), upstream=store).find(Asked(NAME, DIGEST, tag), trusted)

    @pytest.mark.parametrize(
        ("signed_as", "tag"), [(f"{NAME}:4.14.1", "4.14.1"), (f"{NAME}:4.14.1", ""), (NAME, "4.14.1"), (NAME, ""), (f"{NAME}:a", "a")]
    )
    def test_a_signed_tag_is_compared_with_the_one_that_was_asked_for(self, signed_as, tag, key, tmp_path):
        store = MemoryStore()
        attached(store, key, cosigned(identity=signed_as))
        assert self.find(store, key, tmp_path, tag).claim.identity == signed_as

    @pytest.mark.parametrize("tag", ["4.14.2", "latest", f"sha256-{DIGEST.hex}.sig"])
    def test_a_signature_of_another_tag_is_refused(self, tag, key, tmp_path):
        store = MemoryStore()
        attached(store, key, cosigned(identity=f"{NAME}:4.14.1"))
        with pytest.raises(SignatureError, match=f"is for the tag 4.14.1 .*, not for {tag}"):
            self.find(store, key, tmp_path, tag)

    def test_good(self, key, tmp_path):
        store = MemoryStore()
        attached(store, key, cosigned())
        found = self.find(store, key, tmp_path)
        assert (found.claim.identity, found.content) == (NAME, b"")
        assert signatures.encoded([found.content]) == []

    @pytest.mark.parametrize(
        ("content", "signature", "message"),
        [
            (cosigned(Digest.of(b"other")), None, "the signature is for"),
            (cosigned(identity="quay.io/other/thing"), None, "another name"),
            (claim(DIGEST, NAME), None, "has the type"),
            (cosigned(), "!", "not base64"),
            (cosigned(), "", "not made with any of the trusted keys"),
            (cosigned(), "AAAA", "not made with any of the trusted keys"),
        ],
        ids=["digest", "identity", "type", "base64", "none", "other"],
    )
    def test_bad(self, content, signature, message, key, tmp_path):
        store = MemoryStore()
        attached(store, key, content, signature)
        with pytest.raises(SignatureError, match=message):
            self.find(store, key, tmp_path)

    @pytest.mark.parametrize("kind", ["rsa", "ed25519", "x25519"])
    def test_other_kinds_of_keys(self, kind, tmp_path):
        asymmetric = pytest.importorskip("cryptography.hazmat.primitives.asymmetric")
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, x25519

        assert asymmetric
        store, content = MemoryStore(), cosigned()
        if kind == "rsa":
            key = rsa.generate_private_key(65537, 2048)
            signature = key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        elif kind == "ed25519":
            key = ed25519.Ed25519PrivateKey.generate()
            signature = key.sign(content)
        else:
            key, signature = x25519.X25519PrivateKey.generate(), b"x"
        attached(store, None, content, base64.b64encode(signature).decode())
        if kind == "x25519":
            with pytest.raises(SignatureError, match="not made with any"):
                self.find(store, key, tmp_path)
        else:
            assert self.find(store, key, tmp_path).claim.digest == DIGEST

    def test_missing(self, key, tmp_path):
        with pytest.raises(SignatureMissing):
            self.find(MemoryStore(), key, tmp_path)

    def test_a_key_that_is_none(self, tmp_path):
        pytest.importorskip("cryptography")
        trusted = Trust(REQUIRE, (), (), public_keys=(b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n",))
        with pytest.raises(InputError, match="not a public key in PEM form"):
            signatures.Signatures(Workspace(str(tmp_path)), upstream=MemoryStore()).find(ASKED, trusted)

    def test_without_the_library_it_is_told(self, key, tmp_path, monkeypatch):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
        with pytest.raises(Unsupported, match="cryptography"):
            signatures.Signatures(Workspace(str(tmp_path)), upstream=MemoryStore()).find(ASKED, Trust(REQUIRE, (), (), public_keys=(pem,)))

    def test_keys_are_told_apart_by_their_form(self, tmp_path, release_key):
        pem, pgp = tmp_path / "key.pem", tmp_path / "key.asc"
        pem.write_bytes(b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n")
        pgp.write_bytes(release_key.public)
        made = Settings.of({"release_signature_keys": [str(pem)]}, {}).openshift
        assert (len(made.public_keys), len(made.keys)) == (1, 2)
        made = Settings.of({"release_signature_keys": [str(pem), str(pgp)]}, {}).openshift
        assert (len(made.public_keys), len(made.keys)) == (1, 1)


def test_documents_of_a_plan():
    entry = {"payload": f"{NAME}@{DIGEST}", "signatures": signatures.encoded([b"one", b"two"])}
    assert signatures.documents([entry, entry, {"payload": "x"}]) == {DIGEST: (b"one", b"two")}
    with pytest.raises(InputError, match="not base64"):
        signatures.documents([{"payload": f"{NAME}@{DIGEST}", "signatures": ["%"]}])


def read(*parts):
    with open(os.path.join(DATA, *parts), "rb") as file:
        return file.read()


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data is not here")
class TestPublishedSignatures:
    """Signatures that were published, against the keys that come with the collection."""

    red_hat = Trust(REQUIRE, (), tuple(openpgp.binary_key(key) for key in keys.OPENSHIFT), SIGNED_NAMES)
    file = "redhat-37433b71c073c6cbfc8173ec7ab2d99032c8e6d6fe29de06e062d85e33e34531"
    digest = Digest.parse("sha256:3717338045df06e31effea46761b2c7e90f543cc4f00547af8158dd6aea868c3")

    def test_built_in_keys_are_the_published_ones(self):
        assert self.red_hat.keys[0] == openpgp.binary_key(read("keys", "verifier-public-key-redhat-release"))
        assert self.red_hat.keys[1] == openpgp.binary_key(read("keys", "verifier-public-key-redhat-beta-2"))

    def test_a_real_release(self):
        found = verify(read("signatures", self.file), Asked(NAME, self.digest), self.red_hat)
        assert found.claim.tag == "4.16.0-x86_64"
        assert found.key == "567E347AD0044ADE55BA8A5F199E2F91FD431D51"
        assert len(base64.b64encode(found.content)) == 1200

    def test_sig15_the_digest_in_the_file_s_name_is_not_what_was_signed(self):
        with pytest.raises(SignatureError, match="not for sha256:37433b71"):
            verify(read("signatures", self.file), Asked(NAME, Digest.parse("sha256:" + self.file[7:])), self.red_hat)

    @pytest.mark.parametrize("number", [1, 2])
    def test_a_real_signature_of_something_else(self, number):
        content = read("signatures", f"noo-bundle-image-signature-{number}")
        digest = claims.parse(openpgp.verify(content, self.red_hat.keys).content).digest
        with pytest.raises(SignatureError, match="another name"):
            verify(content, Asked(NAME, digest), self.red_hat)

    def test_a_release_signed_by_a_given_key(self):
        name = "oc-mirror-test-v0.0.1-sha256-2352c020dacb945a96cf665e553644f3a3c39341b636a4d9ef1653944fd9de1f"
        repository = "quay.io/oc-mirror/release/test-release-index-multi"
        given = Trust(REQUIRE, (), (openpgp.binary_key(read("keys", "oc-mirror-tests-release-pk.asc")),))
        digest = Digest.parse(f"sha256:{name[-64:]}")
        assert verify(read("signatures", name), Asked(repository, digest), given).claim.tag == "v0.0.1"
        with pytest.raises(SignatureError, match="not a trusted one"):
            verify(read("signatures", name), Asked(repository, digest), self.red_hat)

    def test_sig21_a_broken_key_is_refused(self):
        with pytest.raises(InputError):
            openpgp.binary_key(read("keys", "oc-mirror-tests-buggy-ocp-sig-key.asc"))
        assert openpgp.binary_key(read("keys", "oc-mirror-tests-custom-ocp-sig-key.asc"))
