# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worst input of every reader: how it is made, how it is read, and in how much memory.

Run as a program with a case's number and a folder it reads, in a process of its own, what `make` wrote there.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import sys
import time
import zlib
from types import SimpleNamespace
from typing import Any, Callable, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, os.environ["COLLECTIONS"])

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import MIB
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import file_index, parser
from ansible_collections.disconnected.mirror.plugins.module_utils.charts import images as chart_images
from ansible_collections.disconnected.mirror.plugins.module_utils.charts import repository
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.archives import ChartArchives
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login import challenge, credential_helper
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.blocked import Blocked
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import ARTIFACT, RegistryMemory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image import contents as graph_data
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import components
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim, openpgp
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import header
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import TarIndex
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry import errors as registry_errors
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry import pages
from ansible_collections.disconnected.mirror.tests.fakes import tars
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

HEX = "0" * 64
DIGEST = f"sha256:{HEX}"


class Case(NamedTuple):
    """guard: what keeps it within its bounds.  memory: MiB.  make: writes files into a folder.  read: reads them."""

    name: str
    guard: str
    memory: int
    make: Callable[[str], Any]
    read: Callable[[str], Any]


CASES: list[Case] = []


def put(folder: str, content: bytes, name: str = "input") -> None:
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


def got(folder: str, name: str = "input") -> bytes:
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def of_bytes(name: str, guard: str, memory: int, content: Callable[[], bytes], read: Callable[[bytes], Any]) -> None:
    CASES.append(Case(name, guard, memory, lambda folder: put(folder, content()), lambda folder: read(got(folder))))


def of_folder(name: str, guard: str, memory: int, make: Callable[[str], Any], read: Callable[[str], Any]) -> None:
    CASES.append(Case(name, guard, memory, make, read))


def full(limit: limits.Limit, piece: bytes, before: bytes = b"[", after: bytes = b"0]") -> bytes:
    """A document that is as large, or has as many values, as its reader takes."""
    each = max(1, sum(piece.count(sign) for sign in (b",", b"[", b"{")))
    times = min((limit.size - 200) // len(piece), (limit.values - 50) // each)
    return before + piece * times + after


EMPTY, NESTED, TEXTS = b"[],", b'{"a":{}},', b'"\xf0\x9f\x98\x80aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",'

# --- JSON, by every reader of it ---

JSON = [
    ("manifest", limits.MANIFEST, b'{"layers":[', b"0]}", Manifest.parse),
    ("list of a layout", limits.LAYOUT_INDEX, b'{"manifests":[', b"{}]}", None),
    (
        "manifest of an archive",
        limits.RECORD,
        b'{"schema":"disconnected.mirror/archive/1","members":[',
        b"0]}",
        lambda content: Contents.decode(content, "x"),
    ),
    ("plan", limits.RECORD, b'{"schema":"disconnected.mirror/plan/1","images":[', b"0]}", None),
    ("history", limits.RECORD, b'{"schema":"disconnected.mirror/history/1","runs":[', b"0]}", None),
    (
        "metadata of oc-mirror",
        limits.LEGACY_METADATA,
        b'{"kind":"Metadata","apiVersion":"mirror.openshift.io/v1alpha2","pastAssociations":[',
        b"0]}",
        lambda content: Metadata.decode(content, "x"),
    ),
    ("update graph", limits.GRAPH, b'{"edges":[', b"0]}", graph.parse),
    (
        "document of a catalog",
        limits.CATALOG_DOCUMENT,
        b'{"schema":"olm.bundle","properties":[',
        b"0]}",
        lambda content: parser.parse(content, "x"),
    ),
    ("image references of a release", limits.RELEASE_DOCUMENT, b'{"spec":[', b"0]}", components.parse_references),
]


def layout_list(folder: str) -> None:
    os.rename(os.path.join(folder, "input"), os.path.join(folder, "index.json"))
    LayoutStore(folder).tags("a")


def of_document(parse: Callable[[Any], Any]) -> Callable[[str], Any]:
    return lambda folder: parse(files.read_json(os.path.join(folder, "input"), limits.RECORD))


SPECIAL = {"list of a layout": layout_list, "plan": of_document(Plan.of), "history": of_document(History.parse)}
for _what, _limit, _before, _after, _parse in JSON:
    for _kind, _piece in (("empty lists", EMPTY), ("mappings in mappings", NESTED), ("texts of wide characters", TEXTS)):
        of_folder(
            f"{_what}: as many {_kind} as are taken",
            "size and values",
            _limit.memory,
            lambda folder, limit=_limit, piece=_piece, before=_before, after=_after: put(folder, full(limit, piece, before, after)),
            SPECIAL.get(_what) or (lambda folder, parse=_parse: parse(got(folder))),
        )
of_bytes("manifest: more values than are taken", "values", 256, lambda: b"[" + b"[]," * 1_300_000 + b"0]", Manifest.parse)
of_bytes(
    "history: 128 MiB of empty lists",
    "values",
    512,
    lambda: b"[" + b"[]," * 43_000_000 + b"0]",
    lambda content: files.json_values.parse(content, limits.RECORD),
)
of_bytes("manifest: a number of four million digits", "digits", 256, lambda: b"[" + b"9" * (4 * MIB - 100) + b"]", Manifest.parse)
of_bytes("manifest: two million levels", "depth", 256, lambda: b"[" * 399_000, Manifest.parse)
of_bytes("cosign claim: sixty-four kilobytes of brackets", "depth", 256, lambda: b"[" * limits.CLAIM, claim.parse)

# --- Files where a file should be ---

of_folder(
    "layout: its list is a pipe",
    "regular files",
    256,
    lambda folder: os.mkfifo(f"{folder}/index.json"),
    lambda folder: LayoutStore(folder).tags("a"),
)
of_folder(
    "layout: its list never ends",
    "regular files",
    256,
    lambda folder: os.symlink("/dev/zero", f"{folder}/index.json"),
    lambda folder: LayoutStore(folder).tags("a"),
)


def odd_version(folder: str, kind: str) -> None:
    put(folder, b'{"schemaVersion": 2, "manifests": []}', "index.json")
    os.mkfifo(f"{folder}/oci-layout") if kind == "pipe" else os.symlink("/dev/zero", f"{folder}/oci-layout")


of_folder(
    "layout: its version is a pipe",
    "regular files",
    256,
    lambda folder: odd_version(folder, "pipe"),
    lambda folder: LayoutStore(folder).tags("a"),
)
of_folder(
    "layout: its version never ends",
    "size of a file",
    256,
    lambda folder: odd_version(folder, "zero"),
    lambda folder: LayoutStore(folder).tags("a"),
)
of_folder("a file of a workspace never ends", "size of a file", 384, lambda folder: None, lambda folder: files.read("/dev/zero"))
of_folder(
    "a foreign volume is a pipe",
    "regular files",
    256,
    lambda folder: os.mkfifo(f"{folder}/a.tar"),
    lambda folder: TarIndex([f"{folder}/a.tar"]),
)

# --- Tars ---


def layer(content: bytes) -> None:
    store = MemoryStore()
    blob = Descriptor("application/vnd.oci.image.layer.v1.tar", Digest.of(content), len(content))
    store.blobs["a"] = {blob.digest: content}
    with Layer(store, "a", blob) as opened:
        for _name, _member, _walk in opened.members():
            pass


def packed(*pieces: Any) -> bytes:
    """gzip of pieces (bytes, times), without all of them in memory."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(piece) for piece, times in pieces for _time in range(times)), packer.flush()])


of_bytes("layer: extended headers full of digits", "records", 256, lambda: tars.pax(content=b"1" * 65_000) * 200 + tars.END, layer)
of_bytes("layer: long names in a chain", "chains", 256, lambda: tars.long_name(b"a" * 400) * 20_000 + tars.END, layer)
of_bytes(
    "layer: extended headers of a megabyte",
    "extensions",
    256,
    lambda: (tars.pax(comment="a" * 1_000_000) + tars.member()) * 60 + tars.END,
    layer,
)
of_bytes("layer: a million empty members", "members", 256, lambda: packed((tars.header() * 1000, 1001)), layer)
of_bytes(
    "layer: zeros that unpack to gigabytes",
    "ratio",
    256,
    lambda: packed((tars.header(size=b"\x80" + (8 << 30).to_bytes(11, "big")), 1), (bytes(MIB), 1500)),
    layer,
)
of_bytes("layer: a million empty pieces of gzip", "pieces", 256, lambda: gzip.compress(b"") * 1_000_000, layer)
of_bytes("layer: xz", "forms", 256, lambda: b"\xfd7zXZ\0" + os.urandom(MIB), layer)


def holes(folder: str) -> None:
    with open(f"{folder}/mirror_000001.tar", "wb") as file:
        file.write(tars.header(b"big", size=b"\x80" + (3 << 40).to_bytes(11, "big")))
        file.seek(512 + (3 << 40))
        file.write(tars.member(b"next", b"x") + tars.END)


def names(folder: str) -> None:
    with open(f"{folder}/mirror_000001.tar", "wb") as file:
        for number in range(18_000):
            file.write(tars.pax(path=b"%08d" % number + b"a" * 4000) + tars.header())


def volume(folder: str) -> None:
    TarIndex([f"{folder}/mirror_000001.tar"])


of_folder("foreign volume: a member of three TiB", "seeking", 256, holes, volume)
of_folder("foreign volume: names of four kilobytes", "names", 256, names, volume)


def claimed(folder: str) -> None:
    encoded = Contents("u", 1, 0, 2048, "", (Content.blob(Digest.parse(DIGEST), 2**40),)).encoded()
    put(folder, header("manifest.json", len(encoded)) + encoded.ljust(-(-len(encoded) // 512) * 512, b"\0"), "mirror_seq1_000000.tar")


of_folder(
    "archive: two kilobytes that claim a million volumes", "volumes at hand", 256, claimed, lambda folder: ArchiveReader(find(folder)[0])
)


def history(content: bytes) -> None:
    store = MemoryStore()
    config = b"{}"
    document = {
        "schemaVersion": 2,
        "artifactType": ARTIFACT,
        "config": {"mediaType": "x/y", "digest": Digest.of(config), "size": 2},
        "layers": [{"mediaType": "x/y", "digest": Digest.of(content), "size": len(content)}],
    }
    store.blobs["oc-mirror"] = {Digest.of(content): content, Digest.of(config): config}
    store.put_manifest("oc-mirror", Manifest.parse(json.dumps(document).encode()), "history-x")
    RegistryMemory(store, "oc-mirror").read("x")


of_bytes(
    "history in a registry: a layer that unpacks to gigabytes",
    "ratio",
    512,
    lambda: packed((tars.header(b"history.json", 1600 << 20), 1), (bytes(MIB), 1600)),
    history,
)
of_bytes(
    "history in a registry: as large as is taken",
    "size",
    1280,
    lambda: packed((tars.header(b"history.json", 120 << 20), 1), (b"[" + b" " * (MIB - 1), 1), (b" " * MIB, 119)),
    history,
)
of_bytes(
    "graph data: unpacks to gigabytes",
    "unpacked size",
    512,
    lambda: packed((tars.header(b"channels/a", 2000 << 20), 1), (bytes(MIB), 2000)),
    graph_data.tree,
)
of_bytes("graph data: empty pieces of gzip", "pieces", 256, lambda: gzip.compress(b"") * 1_500_000, graph_data.tree)


def keep(content: bytes) -> None:
    ChartArchives("/nonexistent/charts").keep("/nonexistent/charts/a.tgz", content, "a")


of_bytes("chart: empty pieces of gzip", "pieces", 256, lambda: gzip.compress(b"") * 1_600_000, keep)
of_bytes("chart: unpacks to gigabytes", "unpacked size", 256, lambda: packed((bytes(MIB), 3000)), keep)

# --- YAML ---


def load(content: bytes) -> Any:
    return documents.load_all(content, "x")


def laughs() -> bytes:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"] + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


of_bytes("YAML: aliases of aliases", "copies", 256, laughs, load)
of_bytes("YAML: as many empty lists as are taken", "values", 320, lambda: b"[" + b"[]," * 120_000 + b"0]", load)
of_bytes("YAML: more values than are taken", "values", 256, lambda: b"- a\n" * 4_000_000, load)
of_bytes("YAML: a number to the base of sixty", "digits", 256, lambda: b"a: 1" + b":1" * 1_000_000, load)
of_bytes("YAML: levels without end", "depth", 256, lambda: b"- " * 2_000_000, load)
of_bytes("YAML: a text of sixteen megabytes", "size", 320, lambda: b"a: '" + b"x" * (16 * MIB - 100) + b"'", load)
of_bytes("configuration: as large as is taken", "values", 384, lambda: b"mirror: [" + b"[]," * 190_000 + b"0]", configuration.parse_bytes)
of_bytes(
    "index of charts: as many versions as are taken",
    "values",
    512,
    lambda: b"entries:\n  a:\n" + b"  - {version: 1.2.3, urls: [x]}\n" * 240_000,
    lambda content: repository.read_index(content, "https://x/index.yaml"),
)
of_bytes(
    "index of charts: sixty megabytes of short values",
    "values",
    512,
    lambda: b"entries:\n  a:\n" + b"  - a\n" * 9_000_000,
    lambda content: repository.read_index(content, "https://x/index.yaml"),
)
of_bytes(
    "rendered chart: documents without end",
    "documents",
    256,
    lambda: b"---\na\n" * 2_000_000,
    lambda content: chart_images.images_in(content.decode(), chart_images.finders(()), "x"),
)
of_bytes(
    "rendered chart: as many values as are taken",
    "values",
    768,
    lambda: (b"---\nspec: [" + b"[]," * 19_000 + b"0]\n") * 20,
    lambda content: chart_images.images_in(content.decode(), chart_images.finders(()), "x"),
)

# --- Catalogs ---


def catalog(content: bytes) -> None:
    with open("catalog.yaml", "wb") as file:
        file.write(content)
    found = file_index.scan((file_index.File("catalog.yaml", "catalog.yaml"),))
    for spans in found.packages.values():
        for span in spans[:10]:
            parser.parse(found.read(span), "catalog.yaml")


PACKAGE = b"schema: olm.package\nname: p\n"
FLOW = b'{"schema":"olm.package","name":"p"}'
of_bytes("catalog: a banner of signs", "splitter", 256, lambda: b"#" * 34 + b"\n# Catalog\n" + b"#" * 34 + b"\n---\n" + PACKAGE, catalog)
of_bytes(
    "catalog: comments of megabytes",
    "splitter",
    256,
    lambda: b"# " + b"#" * (4 * MIB) + b"\n" + b"#\n" * (4 * MIB) + b"---\n" + PACKAGE,
    catalog,
)
of_bytes("catalog: a document without end", "size of a document", 384, lambda: PACKAGE + b"a: " + b"x" * (40 * MIB), catalog)
of_bytes("catalog: marks without end", "documents", 256, lambda: b"---\n" * 9_000_000, catalog)
of_bytes("catalog: documents on one line", "splitter", 512, lambda: FLOW * 300_000, catalog)
of_bytes("catalog: braces without end", "depth", 256, lambda: FLOW + b"\n" + b"{" * (8 * MIB), catalog)
of_bytes(
    "catalog: JSON in comments of YAML",
    "splitter",
    384,
    lambda: FLOW + b"\n# x\n" + b"#\n" * MIB + b"a: [\n" + b"}\n{\n" * (2 * MIB),
    catalog,
)
of_bytes("catalog: spaces behind a brace", "splitter", 256, lambda: FLOW + b"\n}" + b" " * (30 * MIB), catalog)

# --- Graphs ---


def graph_of(nodes: int, **more: Any) -> bytes:
    found = [{"version": f"4.{n // 1000}.{n % 1000}", "payload": "q/r"} for n in range(nodes)]
    return json.dumps({"nodes": found, **more}, separators=(",", ":")).encode()


of_bytes(
    "update graph: risks of one update by the thousand",
    "risks",
    896,
    lambda: graph_of(
        2, conditionalEdges=[{"edges": [{"from": "4.0.0", "to": "4.0.1"}], "risks": [{"name": f"r{n}"}]} for n in range(100_000)]
    ),
    graph.parse,
)
of_bytes(
    "update graph: all updates with all risks",
    "risks",
    896,
    lambda: graph_of(
        400,
        conditionalEdges=[
            {
                "edges": [{"from": f"4.0.{a}", "to": f"4.0.{b}"} for a in range(400) for b in range(400)],
                "risks": [{"name": f"r{n}"} for n in range(100)],
            }
        ],
    ),
    graph.parse,
)
of_bytes(
    "update graph: half a million edges",
    "edges",
    896,
    lambda: graph_of(20_000, edges=[[n % 19_999, n % 19_999 + 1] for n in range(499_000)]),
    graph.parse,
)

# --- Registries ---


class Endless:
    """An endpoint whose lists have another page each time."""

    host = "registry.test"

    def __init__(self, size: int, count: int) -> None:
        self.body = json.dumps({"name": "a", "tags": ["x" * size] * count}).encode()
        self.number = 0

    def ask(self, *_arguments: Any, **_more: Any) -> Any:
        self.number += 1
        return SimpleNamespace(status=200, body=self.body, headers={"link": f'</v2/a/tags/list?last={self.number}>; rel="next"'})

    def request(self, *_arguments: Any) -> Any:
        return None

    def locate(self, _request: Any, link: str) -> Any:
        return None, link, True


def listed(size: int, count: int) -> Any:
    kept = [tag for _response, document in pages.pages(Endless(size, count), "/v2/a/tags/list", None, "a") for tag in document["tags"]]
    return len(kept)


of_folder("tag list: pages of many tags", "listed", 256, lambda folder: None, lambda folder: listed(10, 10_000))
of_folder("tag list: pages of long tags", "size of all pages", 256, lambda folder: None, lambda folder: listed(100_000, 30))
of_folder("tag list: pages of one tag", "pages", 256, lambda folder: None, lambda folder: listed(3, 1))
of_bytes(
    "Link: sixty thousand opening brackets",
    "one pass",
    256,
    lambda: b"<" * 60_000,
    lambda content: [pages.next_link(content.decode()) for _time in range(100)],
)
of_bytes(
    "Link: spaces in a parameter",
    "one pass",
    256,
    lambda: b"<a>; b=" + b" " * 60_000,
    lambda content: [pages.next_link(content.decode()) for _time in range(100)],
)
of_bytes(
    "Link: parameters without end",
    "one pass",
    256,
    lambda: b"<a>" + b";a=b" * 15_000,
    lambda content: [pages.next_link(content.decode()) for _time in range(100)],
)
of_bytes(
    "challenge: a quote without end",
    "one pass",
    256,
    lambda: b'Bearer realm="' + b"\\a" * 30_000,
    lambda content: challenge.parse(content.decode()),
)
of_bytes(
    "an error of a registry: brackets",
    "depth",
    256,
    lambda: b"{" * 64_000,
    lambda content: registry_errors.summary(SimpleNamespace(body=content, headers={}, status=500)),
)
of_bytes(
    "an error of a registry: titles",
    "size",
    256,
    lambda: b"<title" * 10_000,
    lambda content: registry_errors.summary(SimpleNamespace(body=content, headers={}, status=500)),
)

# --- Other programs ---


def helper(folder: str) -> None:
    put(folder, b"#!/bin/sh\nexec yes\n", "docker-credential-endless")
    os.chmod(f"{folder}/docker-credential-endless", 0o755)


of_folder(
    "credential helper: output without end",
    "output",
    256,
    helper,
    lambda folder: credential_helper.ask("endless", "quay.io", "x", {"PATH": f"{folder}:{os.environ['PATH']}"}),
)

# --- Signatures ---

of_bytes(
    "OpenPGP keys: armour that never ends", "one pass", 256, lambda: b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n" * 27_000, openpgp.binary_key
)


def inflating() -> bytes:
    """A compressed packet with the beginning of a signed message whose text are zeros."""
    one_pass = b"\x90\x0d\x03\x00\x08\x01" + bytes(8) + b"\x01"
    text = b"\xae" + (256 * MIB + 6).to_bytes(4, "big") + b"b\0" + bytes(4)
    packer = zlib.compressobj(9)
    content = b"".join([packer.compress(one_pass + text), *(packer.compress(bytes(MIB)) for _time in range(256)), packer.flush()])
    # Within what is taken as a signature only what is packed twice.
    again = zlib.compress(b"\xa3\x02" + content, 9)
    return b"\xa3\x02" + again


of_bytes(
    "OpenPGP message: fifty kilobytes that inflate to 256 MiB",
    "size of what is written",
    256,
    inflating,
    lambda content: openpgp.verify(content[: limits.SIGNATURE], [b"\x99"]),
)

# --- Expressions of users ---


def blocking(pattern: str) -> Callable[[bytes], Any]:
    blocked = Blocked([pattern], Generation.V2)
    return lambda content: [blocked.matches(text) for text in content.decode().splitlines()]


NAMES = b"".join(b"a.io/%s/%s!\n" % (b"a" * (100 + number % 100), b"a/" * 100) for number in range(1_000))
for pattern in ("(a+)+$", "a*a*a*a*#", ".*#"):
    of_bytes(f"blocked images, {pattern}", "Expression", 256, lambda: NAMES, blocking(pattern))


def main(number: int, folder: str) -> None:
    case = CASES[number]
    os.chdir(folder)
    started = time.process_time()
    try:
        case.read(folder)
        answer = "read"
    except (MirrorError, ValueError) as error:
        answer = f"{type(error).__name__}: {str(error)[:300]}"
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        json.dumps(
            {
                "seconds": time.process_time() - started + children.ru_utime + children.ru_stime,
                "memory": max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children.ru_maxrss) // 1024,
                "answer": answer,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
