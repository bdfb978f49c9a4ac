# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reader that meets foreign bytes: what it is fed with, and how it is called."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_LAYER_GZIP
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse as parse_reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import file_index, parser
from ansible_collections.disconnected.mirror.plugins.module_utils.charts import images as chart_images
from ansible_collections.disconnected.mirror.plugins.module_utils.charts import repository
from ansible_collections.disconnected.mirror.plugins.module_utils.http import registries_conf
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login import challenge
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth_file import AuthFile
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune import delete_list
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image import contents as graph_data
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import components
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim, openpgp
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive import volumes
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import arrange
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import header
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import TarIndex
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry import pages
from ansible_collections.disconnected.mirror.tests.fakes import tars
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore


class Reader(NamedTuple):
    """seeds: good inputs, which are changed.  read: takes the bytes and a folder.  words: what such inputs are made of.

    allowed: what it may raise besides errors of the project's own family.
    """

    seeds: Sequence[bytes]
    read: Callable[[bytes, str], Any]
    words: Sequence[bytes] = ()
    allowed: tuple[type, ...] = ()


HEX = "0123456789abcdef" * 4
DIGEST = "sha256:" + HEX
JSON_WORDS = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"0", b"-1", b"1e999", b"NaN", b"Infinity", b'"\\\\ud800"'),
    *(b"9" * 50, b'""', b"[]", b"{}", b'"a"', b"1.5", b'"../x"', b"\xff", b"\x00", b"\xed\xa0\x80"),
)
YAML_WORDS = (
    *(
        b"!!bool foo",
        b"!!int ''",
        b"!!timestamp foo",
        b"!!float x",
        b"!!binary =",
        b"!!set {a}",
        b"!!omap [a]",
        b"&a",
        b"*a",
        b"<<: *a",
        b"<<: 3",
    ),
    *(
        b"? [a]",
        b"---\n",
        b"...\n",
        b"- ",
        b": ",
        b"|\n",
        b">\n",
        b"1:2:3",
        b"0x_",
        b".inf",
        b"2001-99-99",
        b"!!python/name:os.system",
        b"%YAML 9",
    ),
    *JSON_WORDS,
)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def written(folder: str, name: str, content: bytes) -> str:
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def descriptor(size: int = 10, **more: Any) -> dict[str, Any]:
    return {"mediaType": OCI_LAYER_GZIP, "digest": DIGEST, "size": size, **more}


def layer(content: bytes, _folder: str) -> None:
    store = MemoryStore()
    blob = Descriptor(OCI_LAYER_GZIP, Digest.of(content), len(content))
    store.blobs["a/b"] = {blob.digest: content}
    with Layer(store, "a/b", blob) as opened:
        for _name, member, walk in opened.members():
            if member.is_file:
                walk.read(1000)


def volume(content: bytes, folder: str) -> None:
    index = TarIndex([written(folder, "mirror_000001.tar", content)])
    for name in list(index.entries)[:3]:
        try:
            index.read(name, 1000)
        except (NotFound, Unsupported):
            # A link that leads nowhere, a file that is large.
            continue


def archive_manifest(content: bytes, folder: str) -> None:
    found = Contents.decode(content, "manifest.json")
    arrange(found, 1000)


def archive_volume(content: bytes, folder: str) -> None:
    volumes.identify(written(folder, "mirror_seq1_000000.tar", content))


def layout(content: bytes, folder: str) -> None:
    written(folder, "index.json", content)
    store = LayoutStore(folder)
    store.tags("a")
    store.referrers("a", Digest.parse(DIGEST))
    try:
        store.fetch_manifest("a", "1")
    except NotFound:
        # What it names is not in the layout.
        return


def catalog(content: bytes, folder: str) -> None:
    found = file_index.scan((file_index.File(written(folder, "catalog.yaml", content), "catalog.yaml"),))
    for spans in found.packages.values():
        for span in spans[:5]:
            parser.parse(found.read(span), "catalog.yaml")


def lines(read: Callable[[str], Any]) -> Callable[[bytes, str], Any]:
    return lambda content, _folder: read(content.decode("latin-1"))


def plain(read: Callable[[bytes], Any]) -> Callable[[bytes, str], Any]:
    return lambda content, _folder: read(content)


def value(read: Callable[[Any], Any]) -> Callable[[bytes, str], Any]:
    """For readers of what was JSON; what is none is of no interest."""

    def run(content: bytes, _folder: str) -> None:
        try:
            document = json_values.parse(content)
        except ValueError:
            return
        read(document)

    return run


def data(content: bytes) -> None:
    """Packed here unless it is: changes of what is packed seldom come to the tar."""
    graph_data.tree(content if content[:2] == b"\x1f\x8b" else gzip.compress(content, 1))


def key(content: bytes, _folder: str) -> None:
    openpgp.binary_key(content)


IMAGE = encoded(
    {"schemaVersion": 2, "config": descriptor(), "layers": [descriptor(), descriptor(urls=["https://x"])], "annotations": {"a": "b"}}
)
INDEX = encoded(
    {
        "schemaVersion": 2,
        "manifests": [descriptor(platform={"os": "linux", "architecture": "amd64"})],
        "subject": descriptor(),
        "artifactType": "x/y",
    }
)
TAR = (
    tars.pax(path="a/long", size=3)
    + tars.member(b"x", b"abc")
    + tars.long_name(b"b" * 200)
    + tars.member(b"y", b"")
    + tars.member(b"f/", kind=b"5")
)
LINKED = tars.member(b"l", kind=b"2", target=b"x") + tars.header(b"holes", 512, kind=b"S", rest=b"\0" * 96) + bytes(512)
LAYOUT = encoded(
    {
        "schemaVersion": 2,
        "manifests": [descriptor(annotations={"org.opencontainers.image.ref.name": "a:1"}), descriptor(platform={"os": "linux"})],
    }
)
CONTENTS = Contents("u", 2, 1, 1 << 20, "ssh", (Content.document("plan.json", b"{}"), Content.blob(Digest.of(b"x"), 5_000_000))).encoded()
PLAN = encoded(
    {
        "schema": "disconnected.mirror/plan/1",
        "config": {},
        "releases": [{"version": "4.1.0"}],
        "catalogs": [{"catalog": "x"}],
        "charts": [],
        "images": [
            {
                "origin": "quay.io/a/b",
                "source": "quay.io/a/b",
                "digest": DIGEST,
                "media_type": "x/y",
                "size": 5,
                "platforms": ["linux/amd64"],
                "why": [["a", "b"]],
                "destination": "a/b",
                "tags": ["1"],
                "type": "generic",
            }
        ],
        "warnings": [],
        "failures": [],
    }
)
HISTORY = encoded(
    {
        "schema": "disconnected.mirror/history/1",
        "destination": "docker://r/a",
        "configuration": "",
        "uid": "7d9f7d52-8a5f-4c5e-9e52-2f7b1b8f9a10",
        "runs": [{"sequence": 1, "timestamp": 1, "config": {}, "images": [["a", DIGEST, "b"]], "blobs": [DIGEST]}],
        "associations": [{"name": "b", "path": "a", "id": DIGEST, "type": "generic", "tags": ["1"], "manifests": [], "blobs": [DIGEST]}],
    }
)
CATALOG = (
    b'---\n{"schema":"olm.package","name":"p","defaultChannel":"c"}\n'
    b'---\n{"schema":"olm.channel","package":"p","name":"c","entries":[{"name":"b"}]}\n',
    b"---\nschema: olm.bundle\npackage: p\nname: b\nimage: quay.io/a/b@sha256:1\n"
    b"properties:\n- type: olm.package\n  value: {version: 1.0.0}\n",
    b"#" * 40 + b"\n# x\n---\nschema: olm.package\nname: p\n...\n",
)
CONFIGURATION = b"""kind: ImageSetConfiguration
apiVersion: mirror.openshift.io/v2alpha1
mirror:
  platform: {channels: [{name: stable-4.1, minVersion: 4.1.0}], graph: true}
  operators: [{catalog: "registry/a/b:v4", packages: [{name: x, channels: [{name: y}]}]}]
  additionalImages: [{name: quay.io/a/b:1}]
  helm: {repositories: [{name: r, url: "https://x", charts: [{name: c, version: "1"}]}]}
"""
GRAPH = encoded(
    {
        "nodes": [{"version": f"4.1.{n}", "payload": f"q/r@{DIGEST}", "metadata": {graph.CHANNELS: "stable-4.1,x"}} for n in range(3)],
        "edges": [[0, 1], [1, 2]],
        "conditionalEdges": [{"edges": [{"from": "4.1.0", "to": "4.1.2"}], "risks": [{"name": "R"}]}],
    }
)
CHARTS = b"""apiVersion: v1
entries:
  a:
  - {version: 1.2.3, urls: [a-1.2.3.tgz, "https://x/y"], digest: abc, maintainers: [{name: x}], type: library}
  - version: v2
    urls:
    - b.tgz
generated: "2024-01-01T00:00:00Z"
"""
METADATA = encoded(
    {
        "kind": "Metadata",
        "apiVersion": "mirror.openshift.io/v1alpha2",
        "uid": "x",
        "pastMirror": {
            "sequence": 1,
            "timestamp": 1,
            "mirror": {},
            "associations": [{"name": "a", "path": "b", "id": DIGEST, "tagSymlink": "1", "type": "generic", "layerDigests": [DIGEST]}],
        },
        "pastAssociations": [],
    }
)
REFERENCES = encoded(
    {
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "4.1.0"},
        "spec": {"tags": [{"name": "cli", "from": {"kind": "DockerImage", "name": f"quay.io/a/b@{DIGEST}"}}]},
    }
)
AUTH = encoded(
    {
        "auths": {"https://x/v1/": {"auth": "dTpw"}, "quay.io/a": {"username": "u", "password": "p"}},
        "credHelpers": {"y": "z"},
        "credsStore": "s",
    }
)
CONF = b"""unqualified-search-registries = ["a"]
[[registry]]
prefix = "*.x.y"
location = "z:5000/a"
insecure = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "m"
"""
CLAIM = encoded(
    {
        "critical": {"type": claim.TYPE, "identity": {"docker-reference": "q/r:1"}, "image": {"docker-manifest-digest": DIGEST}},
        "optional": {"creator": "x"},
    }
)
KEY = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\nmQENBFo=\n-----END PGP PUBLIC KEY BLOCK-----\n"
LINK = b'</v2/_catalog?last=a&n=1>; rel="next", <x>; rel=prev; title="a,b<c>"'
CHALLENGE = b'Bearer realm="https://x/token",service="y",scope="repository:a:pull", Basic realm="a \\" b"'
DATA = tars.member(b"channels/", kind=b"5") + tars.member(b"channels/a.yaml", b"x") + tars.END
DELETE = encoded(
    {
        "kind": "DeleteImageList",
        "apiVersion": "mirror.openshift.io/v2alpha1",
        "items": [{"imageName": "a", "imageReference": "docker://r/a@" + DIGEST, "type": "generic"}],
    }
)
TAR_WORDS = (
    tars.END,
    bytes(512),
    tars.header(),
    tars.header(size=b"\x80" + b"\xff" * 11),
    tars.pax(size=10**15),
    tars.header(kind=b"x", size=1 << 40),
)
SOUND = header("manifest.json", len(CONTENTS)) + CONTENTS.ljust(-(-len(CONTENTS) // 512) * 512, b"\0")


READERS: dict[str, Reader] = {
    "JSON": Reader((IMAGE, GRAPH), plain(json_values.parse), JSON_WORDS, (ValueError,)),
    "YAML": Reader((CHARTS, CONFIGURATION, CATALOG[1]), plain(lambda content: documents.load_all(content, "x")), YAML_WORDS),
    "layer": Reader((TAR + LINKED + tars.END, gzip.compress(TAR + tars.END, mtime=0)), layer, TAR_WORDS),
    "volume of a foreign archive": Reader((TAR + tars.END, LINKED[:512] + TAR + tars.END), volume, (*TAR_WORDS, LINKED)),
    "manifest of an archive": Reader((CONTENTS,), archive_manifest, JSON_WORDS),
    "volume of an archive": Reader((SOUND,), archive_volume, TAR_WORDS),
    "plan": Reader((PLAN,), value(Plan.of), JSON_WORDS),
    "history": Reader((HISTORY,), value(History.parse), JSON_WORDS),
    "manifest": Reader((IMAGE, INDEX), plain(Manifest.parse), JSON_WORDS),
    "index of a layout": Reader((LAYOUT,), layout, JSON_WORDS),
    "catalog": Reader(CATALOG, catalog, YAML_WORDS),
    "configuration": Reader((CONFIGURATION,), plain(configuration.parse_bytes), YAML_WORDS),
    "update graph": Reader((GRAPH,), plain(graph.parse), JSON_WORDS),
    "graph data": Reader((gzip.compress(DATA, mtime=0), DATA), plain(data), TAR_WORDS),
    "index of charts": Reader((CHARTS,), plain(lambda content: repository.read_index(content, "https://x/index.yaml")), YAML_WORDS),
    "rendered chart": Reader(
        (b"---\nspec: {containers: [{image: a}, {image: [b, c]}]}\n",),
        lines(lambda text: chart_images.images_in(text, chart_images.finders(("{.a[0].b}",)), "x")),
        YAML_WORDS,
    ),
    "metadata of oc-mirror": Reader((METADATA,), plain(lambda content: Metadata.decode(content, "x")), JSON_WORDS),
    "image references of a release": Reader((REFERENCES,), plain(components.parse_references), JSON_WORDS),
    "auth file": Reader((AUTH,), lambda content, folder: AuthFile.read(written(folder, "auth.json", content)), JSON_WORDS),
    "registries.conf": Reader(
        (CONF,),
        lambda content, folder: registries_conf.RegistriesConf.of(written(folder, "registries.conf", content)),
        (b"[[registry]]", b"=", b'"', b"prefix", b"location", b"mirror", b"[", b"]", b"\n", b"true", b"1", b"*."),
    ),
    "cosign claim": Reader((CLAIM,), plain(claim.parse), JSON_WORDS),
    "OpenPGP keys": Reader((KEY, b"\x99\x01" + bytes(50)), key, (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", b"=", b"\n\n", b"\x99")),
    "Link": Reader((LINK,), lines(pages.next_link), (b"<", b">", b";", b"rel", b"=", b'"', b"next", b" ", b",")),
    "challenge": Reader((CHALLENGE,), lines(challenge.parse), (b'"', b"\\", b"=", b",", b" ", b"Bearer", b"realm")),
    "reference": Reader(
        (b"quay.io:5000/a/b:1@" + DIGEST.encode(), b"oci://x/y"),
        lines(lambda text: parse_reference(text, Generation.V2)),
        (b":", b"@", b"/", b"[::1]", b".."),
    ),
    "version": Reader((b"4.10.0-rc.1+x",), lines(Version.parse_lenient), (b".", b"-", b"+", b"0", b"v", "²".encode())),
    "delete list": Reader((DELETE,), plain(lambda content: delete_list.read_list(content, "x")), YAML_WORDS),
}
