# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nearest place that has some content gives it, and none of them can do more than that."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, Cancelled, NotFound, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.nearest import Nearest, Place, Stock
from ansible_collections.disconnected.mirror.tests.fakes.faulty import FaultyStore

LAYER = b"a layer of the application"
HOME, THERE = "quay.test/team/app", "ocp/team/app"


class Breaking(BlobReader):
    """Gives some bytes, then breaks off."""

    def __init__(self, content, error):
        self._content, self._error = content, error

    def readinto(self, buffer):
        if not self._content:
            if self._error is not None:
                raise self._error
            return 0
        buffer[: len(self._content)], size, self._content = self._content, len(self._content), b""
        return size

    def close(self):
        self._content = b""


@pytest.fixture
def origin():
    store = FaultyStore("origin")
    store.add_image(HOME, "1", [LAYER])
    return store


def place(name="docker://near", digests=None, store=None):
    """One that has all of the image, or only some digests."""
    store = store or FaultyStore(name)
    store.add_image(THERE, "1", [LAYER])
    return store, Place(name, lambda: Stock(store, lambda digest: THERE if digests is None or digest in digests else None))


def blob(store=None):
    return (store or FaultyStore()).add_blob(HOME, LAYER)


def content(nearest):
    return read_blob(nearest, HOME, blob(), 1024)


def gone():
    raise Unreachable("the place does not answer")


def test_the_first_place_that_has_it_gives_it(origin):
    empty, first = place("docker://first", digests=())
    near, second = place("docker://second")
    third, _last = place("docker://third")
    nearest = Nearest((first, second, _last), origin)
    assert content(nearest) == LAYER
    manifest = origin.manifests[HOME][origin.named[HOME]["1"]]
    assert nearest.fetch_manifest(HOME, manifest.digest).content == manifest.content
    assert empty.calls == third.calls == [] and origin.count("open_blob") == origin.count("fetch_manifest") == 0
    assert near.count("open_blob") == near.count("fetch_manifest") == 1
    assert nearest.sizes == {"docker://second": len(LAYER)} and nearest.warnings == ()


def test_what_a_name_means_is_never_asked_of_a_place(origin):
    near, close = place()
    near.add_image(THERE, "1", [b"another image under the same tag"])
    nearest = Nearest((close,), origin)
    assert nearest.fetch_manifest(HOME, "1").digest == origin.named[HOME]["1"]
    assert nearest.find_manifest(HOME, "1").digest == origin.named[HOME]["1"]
    assert nearest.tags(HOME) == ("1",) and nearest.some_tags(HOME, 5) == (("1",), True)
    assert nearest.referrers(HOME, origin.named[HOME]["1"]) == ()
    assert near.calls == []


@pytest.mark.parametrize("error", [Unreachable("it is gone"), NotFound("no such blob"), AccessDenied("not for you")])
def test_a_place_that_refuses_gives_way(origin, error):
    near, close = place()
    near.errors.update({("open_blob", THERE): error, ("fetch_manifest", THERE): error})
    nearest = Nearest((close,), origin)
    assert content(nearest) == LAYER and nearest.fetch_manifest(HOME, origin.named[HOME]["1"])
    assert nearest.sizes == {"": len(LAYER)}
    assert bool(nearest.warnings) is isinstance(error, Unreachable)


def test_a_place_that_cannot_be_opened_is_told_and_asked_once(origin):
    asked = []
    nearest = Nearest((Place("docker://gone", lambda: (asked.append(1), gone())[1]),), origin)
    for _time in range(3):
        assert content(nearest) == LAYER
    assert asked == [1] and nearest.warnings == ("Nothing more was read from docker://gone: the place does not answer",)


@pytest.mark.parametrize("error", [Unreachable("the connection broke"), None])
def test_what_breaks_off_is_gone_on_with_elsewhere(origin, error):
    near, close = place()
    near.open_blob = lambda repository, blob, offset=0: Breaking(LAYER[offset:5], error)
    nearest = Nearest((close,), origin)
    assert content(nearest) == LAYER
    assert origin.reads == [(blob().digest, 5)] and nearest.sizes == {"docker://near": 5, "": len(LAYER) - 5}


def test_what_is_doubted_comes_from_its_origin(origin):
    near, close = place()
    nearest = Nearest((close,), origin)
    nearest.doubt(blob().digest)
    assert content(nearest) == LAYER and near.calls == []


def test_a_stop_is_no_failure_of_a_place(origin):
    near, close = place()
    near.errors[("open_blob", THERE)] = Cancelled("stopped")
    with pytest.raises(Cancelled):
        Nearest((close,), origin).open_blob(HOME, blob())
    assert origin.count("open_blob") == 0
