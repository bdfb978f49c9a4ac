# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which catalogs have to be signed, and by whom (user-needs P08, other-systems M6), with real keys."""

from __future__ import annotations

import base64
import os
import sys
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.release import claim

HOST = "registry.example.com"
REPOSITORY = f"{HOST}/redhat/index"
CATALOG = f"{REPOSITORY}:v4.17"
TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0\nbar stable*: 1.0.0"
COSIGN = "cosign container image signature"


class Site:
    """A registry with a catalog, and a store of signatures beside it."""

    def __init__(self, folder, key):
        self.registry = MemoryStore()
        self.folder = folder
        self.workspace = Workspace(str(folder / "workspace"))
        self.key = folder / "key.asc"
        self.key.write_bytes(key.public)
        self.store = f"file://{folder}/sigstore"
        documents = catalogs.documents(TEXT)
        for document in documents:
            for each in document.get("relatedImages", ()):
                name, _colon, tag = each["image"].partition("/")[2].rpartition(":")
                self.registry.add_image(name, tag, layers=[each["image"].encode()])
        self.root = catalogs.publish(self.registry, "redhat/index", "v4.17", documents)

    def sign(self, key, digest=None, identity=CATALOG, path="redhat/index", number=1, **critical):
        digest = digest or self.root.digest
        place = self.folder / "sigstore" / f"{path}@sha256={digest.hex}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"signature-{number}").write_bytes(key.sign(claim(digest, identity, **critical)))

    def cosign(self, key, digest=None, identity=REPOSITORY, path="redhat/index"):
        """What cosign puts beside an image; the public key as a file."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        digest = digest or self.root.digest
        content = claim(digest, identity, type=COSIGN)
        config, layer = self.registry.add_blob(path, b"{}"), self.registry.add_blob(path, content)
        signature = base64.b64encode(key.sign(content, ec.ECDSA(hashes.SHA256()))).decode()
        entry = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": layer.digest, "size": layer.size}
        entry["annotations"] = {"dev.cosignproject.cosign/signature": signature}
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.digest, "size": config.size}
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [entry]}
        self.registry.add_document(path, document, f"sha256-{digest.hex}.sig")
        pem = self.folder / "cosign.pub"
        pem.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return str(pem)

    def rule(self, **more):
        return {"catalog": "*", "keys": [str(self.key)], "urls": [self.store], **more}

    def context(self, *rules, **options):
        upstream = Upstream(lambda host: self.registry, workspace=self.workspace)
        return Context(upstream, self.workspace, {"catalog_signatures": list(rules), **options})

    def imageset(self, *names, catalog=CATALOG):
        packages = [{"name": name} for name in names or ("foo",)]
        document = {
            "apiVersion": "mirror.openshift.io/v2alpha1",
            "kind": "ImageSetConfiguration",
            "mirror": {"operators": [{"catalog": catalog, "packages": packages}]},
        }
        return configuration.parse(document, ("ImageSetConfiguration",), "test")

    def collect(self, *rules, catalog=CATALOG, names=(), **options):
        return collect(self.imageset(*names, catalog=catalog), self.context(*rules, **options))

    def digest_of(self, name, tag):
        return self.registry.fetch_manifest(name, tag).digest


@pytest.fixture
def site(tmp_path, publisher):
    return Site(tmp_path, publisher)


@pytest.fixture
def cosign_key():
    curves = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    return curves.generate_private_key(curves.SECP256R1())


def test_a_signed_catalog_is_planned(site, publisher):
    site.sign(publisher)
    found = site.collect(site.rule())
    assert (found.failures, found.warnings, len(found.catalogs)) == ((), (), 1)


def test_a_catalog_without_a_signature_is_not(site):
    found = site.collect(site.rule())
    assert (found.images, found.catalogs) == ((), ())
    (failure,) = found.failures
    assert (failure.code, failure.subject, failure.category) == ("signature_missing", CATALOG, "operator")
    assert failure.message.startswith("operators[0]: SignatureError: no signature of")
    # Nothing of it was looked into.
    assert site.registry.count("open_blob") == 0


def test_a_warning_is_enough_where_it_is_asked_for(site):
    found = site.collect(site.rule(policy="warn"))
    assert found.failures == () and len(found.catalogs) == 1
    assert [text for text in found.warnings if "has no valid signature" in text and CATALOG in text]


def test_no_rule_and_off_ask_nothing(site):
    without = site.collect()
    assert without.failures == ()
    calls = list(site.registry.calls)
    site.registry.calls.clear()
    other = Workspace(str(site.folder / "other"))
    site.workspace = other
    assert site.collect({"catalog": "*", "policy": "off"}).failures == ()
    assert site.registry.calls == calls


@pytest.mark.parametrize(
    ("identity", "critical", "message"),
    [
        (f"{HOST}/redhat/other:v4.17", {}, "another name"),
        (f"{REPOSITORY}:v4.12", {}, "for the tag v4.12"),
        (CATALOG, {"image": {"docker-manifest-digest": "sha256:" + "0" * 64}}, "the signature is for sha256:0000"),
        (CATALOG, {"type": COSIGN}, "has the type"),
    ],
    ids=["repository", "tag", "digest", "type"],
)
def test_a_signature_of_something_else_does_not_count(site, publisher, identity, critical, message):
    site.sign(publisher, identity=identity, **critical)
    (failure,) = site.collect(site.rule()).failures
    assert failure.code == "signature_invalid" and message in failure.message


def test_a_signature_of_a_stranger_does_not_count(site, stranger):
    site.sign(stranger)
    (failure,) = site.collect(site.rule()).failures
    assert failure.code == "signature_invalid" and "not a trusted one" in failure.message


def test_a_changed_signature_does_not_count(site, publisher):
    site.sign(publisher)
    (path,) = (site.folder / "sigstore" / "redhat").glob("*/signature-1")
    message = bytearray(path.read_bytes())
    message[-3] ^= 1
    path.write_bytes(bytes(message))
    assert [failure.code for failure in site.collect(site.rule()).failures] == ["signature_invalid"]


def test_one_good_signature_among_others_is_enough(site, publisher, stranger):
    """An image is signed once for each of its names."""
    site.sign(stranger)
    site.sign(publisher, identity=f"{REPOSITORY}:v4.17.1", number=2)
    site.sign(publisher, number=3)
    assert site.collect(site.rule()).failures == ()


def test_a_catalog_by_digest_may_have_been_signed_under_any_tag(site, publisher):
    site.sign(publisher, identity=f"{REPOSITORY}:v4.17.1")
    assert site.collect(site.rule(), catalog=f"{REPOSITORY}@{site.root.digest}").failures == ()
    assert site.collect(site.rule()).failures != ()


def test_a_copy_is_looked_for_under_the_names_that_it_may_have(site, publisher):
    site.sign(publisher, identity="origin.example.com/team/index:v4.17", path="team/index")
    assert site.collect(site.rule()).failures != ()
    assert site.collect(site.rule(names=["origin.example.com/team/index"])).failures == ()


def test_other_names_may_be_allowed(site, publisher):
    site.sign(publisher, identity="origin.example.com/team/index:v4.17")
    assert site.collect(site.rule()).failures != ()
    assert site.collect(site.rule(names=["origin.example.com/team/index"])).failures == ()


class TestIndexes:
    """The index itself is signed, or each of its instances (mirroring 3.3)."""

    @pytest.fixture
    def children(self, site):
        instances = [child.digest for child in site.root.children]
        if len(instances) < 2:
            extra = site.registry.add_image("redhat/index", layers=[b"another"])
            site.root = site.registry.add_index(
                "redhat/index",
                [("linux/amd64", site.registry.fetch_manifest("redhat/index", instances[0])), ("linux/arm64", extra)],
                "v4.17",
            )
        return [child.digest for child in site.root.children]

    def test_all_instances(self, site, publisher, children):
        for digest in children:
            site.sign(publisher, digest)
        site_rule = site.rule()
        assert not [failure for failure in site.collect(site_rule).failures if failure.code.startswith("signature")]

    def test_not_all_instances(self, site, publisher, children):
        site.sign(publisher, children[0])
        assert [failure.code for failure in site.collect(site.rule()).failures] == ["signature_missing"]

    def test_a_bad_one_among_them(self, site, publisher, stranger, children):
        site.sign(publisher, children[0])
        site.sign(stranger, children[1])
        assert [failure.code for failure in site.collect(site.rule()).failures] == ["signature_invalid"]


class TestCosign:
    def test_good(self, site, cosign_key):
        pem = site.cosign(cosign_key)
        assert site.collect({"catalog": "*", "keys": [pem]}).failures == ()

    def test_another_key(self, site, cosign_key):
        from cryptography.hazmat.primitives.asymmetric import ec

        pem = site.cosign(cosign_key)
        site.cosign(ec.generate_private_key(ec.SECP256R1()), path="elsewhere")
        assert [failure.code for failure in site.collect({"catalog": "*", "keys": [pem]}).failures] == ["signature_invalid"]

    def test_another_tag_of_the_same_image(self, site, cosign_key):
        pem = site.cosign(cosign_key, identity=f"{REPOSITORY}:v4.12")
        (failure,) = site.collect({"catalog": "*", "keys": [pem]}).failures
        assert "for the tag v4.12" in failure.message

    def test_either_kind_of_key_may_have_signed(self, site, publisher, cosign_key):
        pem = site.cosign(cosign_key)
        assert site.collect(site.rule(keys=[pem, str(site.key)])).failures == ()

    def test_without_the_library_it_is_told(self, site, cosign_key, monkeypatch):
        pem = site.cosign(cosign_key)
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
        (failure,) = site.collect({"catalog": "*", "keys": [pem]}).failures
        assert failure.code == "unsupported" and "cryptography" in failure.message
        warned = site.collect({"catalog": "*", "keys": [pem], "policy": "warn"})
        assert warned.failures == () and any("cryptography" in text for text in warned.warnings)


def test_a_store_that_does_not_answer_is_no_permission(site):
    def fetch(url, headers, limit):
        raise Unreachable("the store is gone", subject=url)

    context = replace(site.context(site.rule(urls=["https://signatures.example.com"])), fetch=fetch)
    (failure,) = collect(site.imageset(), context).failures
    assert failure.code == "unreachable" and "could be read: the store is gone" in failure.message


def test_where_a_store_has_the_signatures_of_an_image(site, publisher):
    """The path of the repository without its registry, as containers' tools lay them out."""
    asked = []

    def fetch(url, headers, limit):
        asked.append(url)
        if url.endswith("/signature-1"):
            return publisher.sign(claim(site.root.digest, CATALOG))
        raise NotFound("none", subject=url)

    context = replace(site.context(site.rule(urls=["https://signatures.example.com/sigstore"])), fetch=fetch)
    assert collect(site.imageset(), context).failures == ()
    assert asked == [f"https://signatures.example.com/sigstore/redhat/index@sha256={site.root.digest.hex}/signature-1"]


class TestRules:
    def test_the_first_that_matches_counts(self, site):
        found = site.collect({"catalog": "*/redhat/index", "policy": "off"}, site.rule())
        assert found.failures == ()
        assert site.collect(site.rule(), {"catalog": "*/redhat/index", "policy": "off"}).failures != ()

    @pytest.mark.parametrize("pattern", [CATALOG, REPOSITORY, f"{HOST}/*", "*:v4.17", f"docker://{CATALOG}"])
    def test_how_catalogs_are_named(self, site, pattern):
        written = f"docker://{CATALOG}" if pattern.startswith("docker") else CATALOG
        assert len(site.collect(site.rule(catalog=pattern), catalog=written).failures) == 1

    def test_a_rule_that_matches_nothing_is_told(self, site):
        found = site.collect(site.rule(catalog="registry.example.org/*"))
        assert found.failures == ()
        assert found.warnings == ("catalog_signatures[0]: no catalog of the configuration matches registry.example.org/*.",)

    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ({}, "names no catalog"),
            ({"catalog": "*", "policy": "maybe"}, "not a signature policy"),
            ({"catalog": "*", "scope": "most"}, "scope is 'most'"),
            ({"catalog": "*", "keys": ["/no/such/key"]}, "no public key at /no/such/key"),
            ({"catalog": "*", "urls": ["ftp://x"]}, "not a URL of signatures"),
            ({"catalog": "*", "identity": "me"}, "not a signature rule"),
            ("*", "not a signature rule"),
        ],
    )
    def test_a_rule_that_is_none_stops_everything(self, site, rule, message):
        with pytest.raises(InputError, match=message):
            site.collect(rule)

    def test_what_cannot_be_verified_is_not_taken_for_good(self, site):
        (failure,) = site.collect({"catalog": "*"}).failures
        assert "no public key is given" in failure.message
        (failure,) = site.collect({"catalog": "*", "keys": [str(site.key)]}).failures
        assert "no store of signatures is given" in failure.message

    def test_the_publisher_of_openshift_has_a_key_and_a_store(self):
        (rule,) = signatures.read([{"catalog": "registry.redhat.io/*"}])
        trust = rule.for_registry("registry.redhat.io")
        assert trust.urls == ("https://registry.redhat.io/containers/sigstore/",) and len(trust.keys) == 1
        with pytest.raises(InputError):
            rule.for_registry("registry.example.com")

    @pytest.fixture
    def layout(self, site, tmp_path):
        from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
        from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import copy_blob

        layout = LayoutStore(str(tmp_path / "layout"))
        for manifest in [*(site.registry.fetch_manifest("redhat/index", child.digest) for child in site.root.children), site.root]:
            for blob in manifest.blobs:
                copy_blob(site.registry, "redhat/index", layout, "", blob)
            layout.put_manifest("", manifest, "latest" if manifest is site.root else "")
        return layout

    def test_a_local_layout_is_signed_as_what_it_is_a_copy_of(self, site, publisher, layout, tmp_path):
        catalog = f"oci://{tmp_path}/layout"
        (failure,) = site.collect(site.rule(), catalog=catalog).failures
        assert "does not record the name under which its image was signed" in failure.message
        assert site.collect(site.rule(policy="off"), catalog=catalog).failures == ()
        assert [failure.code for failure in site.collect(site.rule(names=[REPOSITORY]), catalog=catalog).failures] == ["signature_missing"]
        site.sign(publisher)
        assert site.collect(site.rule(names=[REPOSITORY]), catalog=catalog).failures == ()

    def test_signatures_of_cosign_in_a_layout(self, site, cosign_key, layout, tmp_path):
        from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import copy_blob

        pem = site.cosign(cosign_key)
        tag = f"sha256-{site.root.digest.hex}.sig"
        signature = site.registry.fetch_manifest("redhat/index", tag)
        for blob in signature.blobs:
            copy_blob(site.registry, "redhat/index", layout, "", blob)
        layout.put_manifest("", signature, tag)
        rule = {"catalog": "oci://*", "keys": [pem], "names": [REPOSITORY]}
        assert site.collect(rule, catalog=f"oci://{tmp_path}/layout").failures == ()

    def test_what_is_deleted_needs_no_signature(self, site):
        document = {
            "apiVersion": "mirror.openshift.io/v2alpha1",
            "kind": "DeleteImageSetConfiguration",
            "delete": {"operators": [{"catalog": CATALOG, "packages": [{"name": "foo"}]}]},
        }
        wanted = configuration.parse(document, ("DeleteImageSetConfiguration",), "test")
        assert collect(wanted, site.context(site.rule())).failures == ()


class TestImagesOfBundles:
    """scope: all."""

    NAMES = ("foo/bundle:foo.v0.2.0", "foo/operator:0.2.0")

    @pytest.fixture
    def signed(self, site, publisher):
        site.sign(publisher)
        for text in self.NAMES:
            name, _colon, tag = text.partition(":")
            site.sign(publisher, site.digest_of(name, tag), f"quay.example.com/{text}", path=name)
        return site

    def test_all_are_signed(self, signed):
        assert signed.collect(signed.rule(scope="all")).failures == ()

    def test_one_that_is_not_fails_alone(self, signed):
        found = signed.collect(signed.rule(scope="all"), names=("foo", "bar"))
        assert sorted(failure.subject for failure in found.failures) == [
            "quay.example.com/bar/bundle:bar.v1.0.0",
            "quay.example.com/bar/operator:1.0.0",
        ]
        assert all("bundle bar.v1.0.0" in failure.message for failure in found.failures)
        assert sorted(image.repository for image in found.images) == ["foo/bundle", "foo/operator", "redhat/index"]

    def test_only_the_catalog_matters_by_default(self, signed):
        assert signed.collect(signed.rule(), names=("foo", "bar")).failures == ()

    def test_its_bundle_leaves_the_catalog_by_policy(self, signed):
        plan = build_plan(signed.imageset("foo", "bar"), signed.context(signed.rule(scope="all"), catalog_missing_images="exclude"))
        assert plan.failures == ()
        assert [package["name"] for package in plan.catalogs[0]["packages"]] == ["foo"]
        assert any("Bundle bar.v1.0.0 of package bar is left out" in text and "SignatureError" in text for text in plan.warnings)

    def test_a_warning_tells_them_in_one_sentence(self, signed):
        found = signed.collect(signed.rule(scope="all", policy="warn"), names=("foo", "bar"))
        assert found.failures == () and len(found.images) == 5
        (text,) = found.warnings
        assert "2 images of its bundles have no valid signature, the first is quay.example.com/bar/bundle:bar.v1.0.0" in text

    def test_an_image_that_is_blocked_needs_none(self, signed):
        wanted = signed.imageset("foo", "bar")
        document = wanted.document()
        document["mirror"]["blockedImages"] = [{"name": "quay.example.com/bar/.*"}]
        blocked = configuration.parse(document, ("ImageSetConfiguration",), "test")
        plan = build_plan(blocked, signed.context(signed.rule(scope="all")))
        assert plan.failures == ()
        assert not [image for image in plan.images if image.destination.startswith("bar/")]


def test_a_second_plan_reads_no_catalog(site, publisher):
    site.sign(publisher)
    site.collect(site.rule())
    site.registry.calls.clear()
    assert site.collect(site.rule()).failures == ()
    assert site.registry.count("open_blob") == 0
    assert os.path.isdir(site.workspace.path("catalogs"))
