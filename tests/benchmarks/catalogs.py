# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to plan operators out of a large catalog, beside `opm render` of the same one.

    python tests/benchmarks/catalogs.py                          # a made catalog of 110 MiB
    python tests/benchmarks/catalogs.py --catalog DIR --rounds 5 # one of yours, copied under new names until it has that size

Each cell is a process of its own, rounds alternate; ratios of one run mean something.  `opm` takes part where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

if __name__ == "__main__":
    # Started as a file: make the working tree importable, as conftest.py does for pytest.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    import conftest

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [conftest.COLLECTIONS, os.environ.get("PYTHONPATH", "")]))

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import parser
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import Contents, directory_files, scan
from ansible_collections.disconnected.mirror.tests.benchmarks.measure import bytecode, launch
from ansible_collections.disconnected.mirror.tests.fakes.processes import find

_WORKER = """
import json, sys, time
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs import filtering, images
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.contents import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted, Package
path, package, full, kept = sys.argv[1:]
if not path:
    sys.exit()
wanted = Wanted(catalog="c", full=bool(full), packages=(Package(name=package),) if package else ())
if kept:
    with open(kept, encoding="utf-8") as file:
        catalog = Catalog(path, Contents.of(json.load(file), path))
else:
    catalog = Catalog.from_directory(path)
found = filtering.apply(catalog, wanted, Generation.V2, Options())
print(len(images.of_selection(found.selection)))
"""
START, PEER = "start of Python", "opm render"
# The target of each cell: its wall time against that of another one; the CPU is told beside it.
TARGETS = (
    ("one package", PEER, 0.25),
    ("one package", "everything", 0.10),
    ("one package, read before", "everything", 0.10),
    ("heads only", PEER, 0.5),
)


def made() -> Iterator[dict[str, Any]]:
    """A package of the usual shape: three channels of eight versions, large bundles."""
    channels, bundles = [], {}
    for channel in range(3):
        entries: list[dict[str, Any]] = []
        for patch in range(8):
            entry: dict[str, Any] = {"name": f"made.v{channel}.{patch}.0"}
            if entries:
                entry["replaces"] = entries[-1]["name"]
            entries.append(entry)
            bundles[entry["name"]] = f"{channel}.{patch}.0"
        channels.append({"schema": "olm.channel", "package": "made", "name": f"stable-{channel}", "entries": entries})
    yield {"schema": "olm.package", "name": "made", "defaultChannel": "stable-2", "description": "text " * 200}
    yield from channels
    for name, version in bundles.items():
        related = [{"name": f"part-{number}", "image": f"quay.example.com/made/part-{number}@sha256:{number:064x}"} for number in range(20)]
        metadata = {
            "description": 'A line of text with {braces} and "quotes".\n' * 200,
            "keywords": ["a", "b"] * 20,
            "annotations": {"examples": json.dumps(related)},
        }
        properties = [
            {"type": "olm.package", "value": {"packageName": "made", "version": version}},
            {"type": "olm.csv.metadata", "value": metadata},
        ]
        yield {
            "schema": "olm.bundle",
            "name": name,
            "package": "made",
            "image": related[0]["image"],
            "properties": properties,
            "relatedImages": related,
        }


def documents(folder: str) -> list[dict[str, Any]]:
    if not folder:
        return list(made())
    contents: Contents = scan(directory_files(folder))
    return [parser.parse(contents.read(span), folder) for spans in contents.packages.values() for span in spans]


def fill(folder: str, source: Sequence[dict[str, Any]], size: int, form: str) -> str:
    """Copies of the documents under new package names, until they have `size` bytes as JSON; gives the name of a package."""
    written, copy, name = 0, 0, ""
    names = sorted({document["name"] for document in source if document["schema"] == "olm.package"})
    while written < size:
        for package in names:
            name = f"{package}-{copy}"
            os.makedirs(os.path.join(folder, name))
            found = [
                _renamed(document, package, name)
                for document in source
                if package in (document.get("package"), document["name"] if document["schema"] == "olm.package" else "")
            ]
            text = [json.dumps(document, indent=4, ensure_ascii=False) for document in found]
            written += sum(map(len, text))
            with open(os.path.join(folder, name, f"catalog.{form}"), "w", encoding="utf-8") as file:
                if form == "json":
                    file.write("\n".join(text))
                else:
                    import yaml

                    yaml.dump_all(
                        found, file, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True, explicit_start=True
                    )
        copy += 1
    return name


def _renamed(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    found = {**document}
    if found["schema"] == "olm.package":
        found["name"] = new
    else:
        found["package"] = new
    if "properties" in found and found["schema"] == "olm.bundle":
        found["properties"] = [
            {**each, "value": {**each["value"], "packageName": new}} if each["type"] == "olm.package" else each
            for each in found["properties"]
        ]
    return found


def measure(command: Sequence[str], environment: dict[str, str]) -> dict[str, float]:
    status, wall, cpu, memory, _written = launch(command, os.devnull, environment)
    if status:
        raise SystemExit(f"{command[0]} failed")
    return {"wall": wall, "cpu": cpu, "memory": memory}


def _cost(samples: dict[str, list[dict[str, float]]], cell: str, key: str) -> float:
    """Seconds of a cell; what Python needs to start is nobody's planning."""
    started = 0.0 if cell == PEER else median(sample[key] for sample in samples[START])
    return max(median(sample[key] for sample in samples[cell]) - started, 1e-3)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--catalog", default="")
    arguments.add_argument("--size", type=float, default=110, help="MiB as JSON")
    arguments.add_argument("--form", choices=("json", "yaml"), default="json")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--work", default="")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.work or None) as scratch:
        work, kept = os.path.join(scratch, "catalog"), os.path.join(scratch, "kept.json")
        os.mkdir(work)
        package = fill(work, documents(asked.catalog), int(asked.size * 2**20), asked.form)
        worker = [sys.executable, "-c", _WORKER, work]
        contents = scan(directory_files(work))
        with open(kept, "w", encoding="utf-8") as file:
            json.dump({**contents.document(), "files": [[each.path, each.name] for each in contents.files]}, file)
        cells = {
            START: [*worker[:-1], "", "", "", ""],
            "one package": [*worker, package, "", ""],
            "one package, read before": [*worker, package, "", kept],
            "heads only": [*worker, "", "", ""],
            "everything": [*worker, "", "1", ""],
        }
        if find(("opm",)):
            cells[PEER] = [find(("opm",)), "render", work, "-o", "json"]
        samples: dict[str, list[dict[str, float]]] = {name: [] for name in cells}
        environment = bytecode(scratch)
        for _round in range(asked.rounds):
            for name, command in cells.items():
                samples[name].append(measure(command, environment))
    print("| cell | wall s | CPU s | memory MiB |\n|---|---|---|---|")
    for name, found in samples.items():
        print(f"| {name} | " + " | ".join(f"{median(sample[key] for sample in found):.2f}" for key in ("wall", "cpu", "memory")) + " |")
    missed = 0
    for cell, other, limit in TARGETS:
        if other in samples:
            wall, cpu = (_cost(samples, cell, key) / _cost(samples, other, key) for key in ("wall", "cpu"))
            met = wall <= limit
            missed += not met
            print(f"{cell} / {other}: {wall:.2f} of the time, {cpu:.2f} of the CPU (at most {limit}){'' if met else '  MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
