# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random catalogs against a second reading of the rules, and against the libraries that the reference implementation uses.

MIRROR_CASES, MIRROR_SEED: how many, and from which on; `make differential` sets them.  A case that differs is named by its seed.
"""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import dependencies, graph, ranges, validation
from ansible_collections.disconnected.mirror.tests.fakes import catalog_oracle as oracle
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.differential import Case, compared
from ansible_collections.disconnected.mirror.tests.fakes.processes import require

COUNT = int(os.environ.get("MIRROR_CASES", "150"))
FIRST = int(os.environ.get("MIRROR_SEED", "1"))
# Upstream's libraries are asked about at most so many, which they answer in seconds.
ASKED = 2000


def cases(count):
    return ((seed, Case.of(seed)) for seed in range(FIRST, FIRST + count))


def read(folder, case):
    return Catalog.from_directory(str(catalogs.write(folder, case.documents)))


def inside(dialect, text, versions):
    """The versions that are in a range; None for a text that is no range."""
    try:
        test = dialect(text)
    except InputError:
        return None
    return [version for version in versions if test(Version.parse(version))]


def channels_of(catalog):
    return {f"{package.name} {channel.name}": channel for package in catalog.packages() for channel in package.channels.values()}


def head(channel):
    try:
        return graph.head(channel)
    except graph.GraphError as error:
        return error.message


def leaves(text):
    """Each problem of a tree with what it is in; the order of branches is any."""
    found, above = set(), []
    for line in text.splitlines():
        message = line.lstrip("│├└─ ")
        above = [*above[: (len(line) - len(message)) // 4], message]
        if not message.endswith(":"):
            found.add(tuple(above))
    return found


def parted(found):
    """What is stranded, each bundle for itself, and all other problems."""
    stranded, others = set(), set()
    for *above, message in found:
        title, _colon, names = message.partition(": ")
        is_stranded = title == "channel contains one or more stranded bundles"
        (stranded if is_stranded else others).update((*above, name) for name in (names.split(", ") if is_stranded else [message]))
    return stranded, others


def problems(catalog):
    try:
        validation.check(catalog.everything())
    except InputError as error:
        return error.message
    return ""


def test_ranges_agree_with_a_second_reading():
    for seed, case in cases(COUNT):
        for dialect, slow, texts in ((ranges.plain, oracle.plain, case.plain), (ranges.gated, oracle.gated, case.gated)):
            for text in texts:
                expected = [version for version in case.versions if slow(text, version)]
                assert inside(dialect, text, case.versions) == expected, (seed, text)


def test_heads_and_channels_agree_with_a_second_reading(tmp_path):
    sound = set()
    for seed, case in cases(COUNT):
        for name, channel in channels_of(read(tmp_path, case)).items():
            entries = oracle.Source(case.documents).channels[channel.package][channel.name]
            try:
                expected = oracle.head(entries)
            except oracle.Refused:
                expected = None
            assert (head(channel) == expected) == (expected is not None), (seed, name)
            try:
                graph.check(channel)
                mine = True
            except graph.GraphError:
                mine = False
            assert mine == oracle.is_sound(entries), (seed, name)
            sound.add(mine)
    assert sound == {True, False}


@pytest.mark.parametrize(("generation", "followed"), [(Generation.V2, False), (Generation.V1, False), (Generation.V1, True)])
def test_filters_agree_with_a_second_reading(tmp_path, generation, followed):
    outcomes = set()
    for seed, case in cases(COUNT):
        mine, theirs = compared(read(tmp_path, case), oracle.Source(case.documents), case.entries[generation], generation, followed)
        assert mine == theirs, (seed, case.entries[generation])
        outcomes.add(mine == "refused")
    assert outcomes == {True, False}


@pytest.fixture(scope="module")
def answers():
    """What upstream's libraries say to each case, by seed."""
    program = require("upstream-answers")
    asked = dict(cases(min(COUNT, ASKED)))
    questions = "".join(json.dumps(question(case)) + "\n" for case in asked.values())
    run = subprocess.run([program], input=questions, capture_output=True, text=True, timeout=600, check=True)
    return {seed: (case, json.loads(line)) for (seed, case), line in zip(asked.items(), run.stdout.splitlines())}


def question(case):
    catalog = "".join(json.dumps(document) for document in case.documents)
    return {"versions": case.versions, "plain": case.plain, "gated": case.gated, "catalog": catalog}


def test_upstream_has_an_answer_to_every_case(answers):
    assert len(answers) == min(COUNT, ASKED)


def test_ranges_agree_with_upstream(answers):
    for seed, (case, answer) in answers.items():
        for dialect, texts, found in ((ranges.plain, case.plain, answer["plain"]), (ranges.gated, case.gated, answer["gated"])):
            for text, expected in zip(texts, found):
                assert inside(dialect, text, case.versions) == expected, (seed, text)


def test_heads_and_problems_agree_with_upstream(tmp_path, answers):
    for seed, (case, answer) in answers.items():
        catalog = read(tmp_path, case)
        assert {name: head(channel) for name, channel in channels_of(catalog).items()} == answer["heads"], seed
        (mine, others), (theirs, their_others) = parted(leaves(problems(catalog))), parted(leaves(answer["problem"]))
        # Later versions of the library end a chain above what somebody skips: they call stranded what is below, and do not look for
        # circles there (CHAIN-1).
        circles = {leaf for leaf in their_others if leaf[-1].startswith("detected cycle")}
        assert mine >= theirs and their_others - circles <= others <= their_others, seed


def test_what_meets_a_requirement_agrees_with_upstream(tmp_path, answers):
    for seed, (case, answer) in answers.items():
        bundles = {bundle.name: bundle for package in read(tmp_path, case).packages() for bundle in package.bundles.values()}
        mine = {}
        for name, bundle in bundles.items():
            needs = dependencies.required(bundle)
            tests = {str(need): need.test() for need in needs.packages}
            owners = {str(need): need.name for need in needs.packages}
            mine[name] = {
                text[len("package ") :]: sorted(
                    each.name for each in bundles.values() if each.package == owners[text] and test(each.version)
                )
                for text, test in tests.items()
            }
            for kind in needs.kinds:
                mine[name][str(kind)] = sorted(each.name for each in bundles.values() if kind in dependencies.provided(each))
        assert mine == answer["required"], seed
