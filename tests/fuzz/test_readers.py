# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes, a reader answers, or says what is wrong in the project's own words, at once.

A sample runs with the tests.  `make fuzz SEED=7 COUNT=40000` feeds each reader with so many inputs.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.tests.fuzz.readers import READERS

# Inputs for each reader, and how many of them come from one example.
COUNT = int(os.environ.get("MIRROR_FUZZ_COUNT", "400"))
SEED = os.environ.get("MIRROR_FUZZ_SEED", "")
BATCH = 20
# Seconds that one small input may take on a busy machine.
PATIENCE = 5.0

KINDS = ("put", "cut", "double", "flip", "replace")
PLACE = st.integers(min_value=0, max_value=1 << 16)


def inputs(reader):
    """Good inputs with some changes: words put in, parts cut out, doubled or moved, bytes flipped; and now and then anything."""
    words = st.one_of(st.sampled_from(list(reader.words) or [b""]), st.binary(max_size=8))
    change = st.tuples(st.sampled_from(KINDS), PLACE, st.integers(0, 64), words)
    changed = st.builds(altered, st.sampled_from(list(reader.seeds)), st.lists(change, max_size=6))
    return st.one_of(changed, changed, changed, st.builds(b"".join, st.lists(words, max_size=30)), st.binary(max_size=300))


def altered(content, changes):
    for kind, place, length, word in changes:
        place %= len(content) + 1
        before, part, after = content[:place], content[place : place + length], content[place + length :]
        if kind == "put":
            part = word + part
        elif kind == "cut":
            part = b""
        elif kind == "double":
            part = part * 2
        elif kind == "flip":
            part = bytes(byte ^ (1 << length % 8) for byte in part[:1]) + part[1:]
        else:
            part = word
        content = before + part + after
    return content


def batch(reader, content, chance):
    """An input, and others near it and near the good ones: cheaper than as many examples, and as repeatable."""
    yield content
    words = list(reader.words) or [b""]
    for number in range(BATCH - 1):
        base = content if number % 2 else chance.choice(reader.seeds)
        changes = [
            (
                chance.choice(KINDS),
                chance.randrange(1 << 16),
                chance.randrange(65),
                chance.choice(words) if chance.random() < 0.8 else chance.randbytes(4),
            )
            for _change in range(chance.randrange(1, 6))
        ]
        yield altered(base, changes)


@pytest.mark.parametrize("name", sorted(READERS))
def test_whatever_comes(name, tmp_path):
    reader = READERS[name]
    folder, done, slowest = str(tmp_path), 0, 0.0

    def read(content):
        nonlocal done, slowest
        done += 1
        started = time.process_time()
        try:
            reader.read(content, folder)
        except (MirrorError, *reader.allowed) as error:
            assert str(error).strip(), content
        except Exception as error:
            raise AssertionError(f"{error!r} for {content!r}") from error
        taken = time.process_time() - started
        slowest = max(slowest, taken)
        assert taken < PATIENCE, f"{taken:.1f} s for {content!r}"

    @settings(max_examples=COUNT // BATCH, derandomize=not SEED)
    @given(inputs(reader), st.integers(0, 1 << 32))
    def feed(content, number):
        for each in batch(reader, content, random.Random(number)):
            read(each)

    (seed(int(SEED))(feed) if SEED else feed)()
    print(f"{name}: {done} inputs, the slowest took {slowest:.3f} s")
    assert done >= COUNT * 0.9


@pytest.mark.parametrize("name", sorted(READERS))
def test_good_inputs_are_read(name, tmp_path):
    """What is fed is near something good: a reader that refuses everything would not be tried at all."""
    for content in READERS[name].seeds:
        READERS[name].read(content, str(tmp_path))
