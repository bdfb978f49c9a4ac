# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forty-four kinds of fault (user-needs, section 5), each between two real registries: what arrives, and what it costs.

A gate before either registry does wrong what a row says, and counts.  A row names how many requests more than without a fault
it may cost at either end.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault, Watch
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard
from ansible_collections.disconnected.mirror.tests.faults.gated import Between, registries

SOURCE, DESTINATION = "source", "destination"


@dataclass(frozen=True)
class Row:
    """faults: what the gates do wrong, by end.  more: requests that it may cost at the source and at the destination.

    code: with which one image fails; empty where everything arrives.  setup: what else is different.
    """

    name: str
    faults: tuple[tuple[str, Fault], ...] = ()
    more: tuple[int, int] = (0, 0)
    code: str = ""
    setup: Callable[[Between], None] = lambda between: None
    seconds: float = 60.0


def source(name: str, *faults: Fault, more: int = 1, further: int = 0, **others: Any) -> Row:
    """further: requests that it may cost at the destination."""
    return Row(name, tuple((SOURCE, fault) for fault in faults), (more, further), **others)


def destination(name: str, *faults: Fault, more: int = 1, further: int = 0, **others: Any) -> Row:
    """further: requests that it may cost at the source."""
    return Row(name, tuple((DESTINATION, fault) for fault in faults), (further, more), **others)


MANIFEST = Fault(method="GET", endpoint="manifest")
BLOB = Fault(method="GET", endpoint="blob", path_part="{large}")
PUSH = Fault(method="PUT", endpoint="manifest")
UPLOAD = Fault(method="PUT", endpoint="upload")
OPENING = Fault(method="POST", endpoint="upload")
LISTING = Fault(method="GET", endpoint="tags")


def everywhere(**fault: Any) -> tuple[tuple[str, Fault], ...]:
    """The first request of every kind, at both ends."""
    kinds = [(SOURCE, MANIFEST), (SOURCE, BLOB), *((DESTINATION, kind) for kind in (PUSH, UPLOAD, OPENING, LISTING))]
    return tuple((end, replace(kind, **fault)) for end, kind in kinds)


def at_either_end(**fault: Any) -> tuple[tuple[str, Fault], ...]:
    return ((SOURCE, replace(MANIFEST, **fault)), (DESTINATION, replace(OPENING, **fault)))


def in_two_seconds() -> str:
    return email.utils.formatdate(time.time() + 2, usegmt=True)


def tokens(ttl: float = 300.0, announced: Any = None) -> Callable[[Between], None]:
    def setup(between: Between) -> None:
        for gate in between.gates.values():
            gate.auth = Guard("bearer", {"me": "secret"}, ttl=ttl, announced_ttl=announced)

    return setup


def revoked(between: Between) -> None:
    """Every token is refused once, in the middle of the run."""
    tokens()(between)
    for gate in between.gates.values():
        gate.faults = Watch()
        gate.faults.on_request = _on_third(gate.auth.revoke)


def _on_third(act: Callable[[], None]) -> Callable[[str, str, str], None]:
    seen: list[str] = []

    def on_request(_method: str, endpoint: str, _path: str) -> None:
        if endpoint in ("blob", "upload"):
            seen.append(endpoint)
            if len(seen) == 3:
                act()

    return on_request


def no_keep_alive(between: Between) -> None:
    for gate in between.gates.values():
        gate.keep_alive = False


def dialect(**differences: Any) -> Callable[[Between], None]:
    def setup(between: Between) -> None:
        between.gates[DESTINATION].dialect = replace(dialects.DISTRIBUTION, **differences)

    return setup


def moved(between: Between) -> None:
    """What the tags named when it was planned, they no longer name."""
    store = RegistryStore(between.hosts[SOURCE], Http(Settings(default=HostSettings(plain_http=True))), writing=True)
    image = between.images[0]
    other = store.fetch_manifest(between.images[1].image.source, between.images[1].digest)
    for blob in other.blobs:
        store.start_blob(image.image.source, blob, between.images[1].image.source)
    store.put_manifest(image.image.source, other, image.tags[0])
    store.close()


ROWS = [
    # Truncated answers.
    source("a manifest is cut", replace(MANIFEST, truncate_at=100)),
    source("a manifest is cut and announced as short", replace(MANIFEST, truncate_at=100, framing="short")),
    source("a manifest in chunks has no end", replace(MANIFEST, truncate_at=100, framing="chunked")),
    source("a blob is cut", replace(BLOB, truncate_at=70_000)),
    source("a blob is cut and announced as short", replace(BLOB, truncate_at=70_000, framing="short"), further=2),
    source("a blob in chunks has no end", replace(BLOB, truncate_at=70_000, framing="chunked")),
    source("a blob without a length is cut", replace(BLOB, truncate_at=70_000, framing="close")),
    destination("a list of tags is cut", replace(LISTING, truncate_at=5)),
    # A fault of the gate's token service, at the source.
    source("a token is cut", Fault(endpoint="token", truncate_at=5), more=40, further=40, setup=tokens()),
    # Answers that ask to try again.
    Row("429 with seconds", at_either_end(status=429, retry_after="1"), (2, 2)),
    Row("429 with a date and a page", at_either_end(status=429, retry_after="{date}", body="html"), (2, 2)),
    Row("429 without anything", everywhere(status=429, body="empty"), (4, 8)),
    Row("500", everywhere(status=500), (4, 8)),
    Row("502 with a page", everywhere(status=502, body="html"), (4, 8)),
    Row("503 with nothing", everywhere(status=503, body="empty"), (4, 8)),
    Row("504 with a text", everywhere(status=504, body="text"), (4, 8)),
    # Bursts and outages, counted in requests.
    source("every third request fails for a while", *(Fault(status=503, skip=skip) for skip in (0, 2, 4, 6, 8)), more=6),
    Row("nothing works for a while", ((SOURCE, Fault(status=503, times=12)), (DESTINATION, Fault(status=503, times=12))), (14, 14)),
    # Connections that break.
    source("reset before a manifest", replace(MANIFEST, reset_at=0)),
    source("reset within a blob", replace(BLOB, reset_at=123_456)),
    source("reset within a blob, three times", *(replace(BLOB, reset_at=90_000 + number, skip=0) for number in range(3)), more=4),
    destination("reset at the first byte of an upload", replace(UPLOAD, reset_request_at=0), more=5),
    destination("reset in the middle of an upload", replace(UPLOAD, path_part="{large}", reset_request_at=100_000), more=5),
    destination("reset while a manifest is pushed", replace(PUSH, reset_request_at=50)),
    destination("the answer to an upload is lost", replace(UPLOAD, reset_at=0), more=5),
    destination("the answer to a push is lost", replace(PUSH, reset_at=0)),
    destination("the answer that opens an upload is lost", replace(OPENING, reset_at=0), more=2),
    Row("every connection is closed after one answer", setup=no_keep_alive),
    # Slow ones.
    source("a blob that drips", replace(BLOB, slow=(100, 0.3)), more=2),
    source("a manifest that does not come", replace(MANIFEST, delay=4.0), more=2),
    destination("a push without an answer", replace(PUSH, delay=6.0), more=2),
    # Tokens.
    Row("tokens that live for a second", (), (200, 200), setup=tokens(ttl=1.0)),
    Row("tokens that are said to live longer than they do", (), (200, 200), setup=tokens(ttl=0.5, announced=300)),
    Row("tokens that are refused in the middle", (), (80, 80), setup=revoked),
    # Bits that flip.
    source("a flipped bit in a manifest", replace(MANIFEST, corrupt_at=150)),
    source("a flipped bit at the beginning of a blob", replace(BLOB, corrupt_at=0), further=2),
    source("a flipped bit at the end of a blob", replace(BLOB, corrupt_at=-1), further=2),
    source("a blob that is never right", replace(BLOB, corrupt_at=5, times=0), more=3, code="corrupt_content"),
    # Registries that lie.
    destination(
        "a push that is acknowledged with another digest",
        replace(PUSH, digest_header="sha256:" + "0" * 64),
        code="corrupt_content",
    ),
    source("a blob that is listed and cannot be read", replace(BLOB, status=404, times=0), more=3, code="not_found"),
    destination("a blob that is taken and lost", replace(UPLOAD, path_part="{large}", forget=True), more=45, further=2),
    destination("an upload that is lost", replace(UPLOAD, status=404, code="BLOB_UPLOAD_UNKNOWN"), more=4),
    # Others at work.
    Row("tags that move after the plan", setup=moved),
    Row("bodies by PATCH only", (), (0, 60), setup=dialect(put_body=False)),
]


@pytest.fixture(scope="module")
def between(tmp_path_factory: Any) -> Iterator[Between]:
    with registries(str(tmp_path_factory.mktemp("table"))) as both:
        yield both


@pytest.fixture(scope="module")
def usual(between: Between) -> dict[str, int]:
    """Requests of a run without a fault, by end."""
    run = between.begin("usual")
    assert run.transfer().complete
    return run.counts()


def test_there_are_forty_four() -> None:
    assert len(ROWS) == len({row.name for row in ROWS}) == 44


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_fault(between: Between, usual: dict[str, int], row: Row) -> None:
    run = between.begin(row.name)
    row.setup(run)
    for end, fault in row.faults:
        part = fault.path_part.replace("{large}", run.large.partition(":")[2])
        run.gates[end].inject(replace(fault, path_part=part, retry_after=fault.retry_after.replace("{date}", in_two_seconds())))
    began = time.monotonic()
    result = run.transfer()
    assert time.monotonic() - began < row.seconds
    lost = {failure.subject for failure in result.failures}
    if not row.code:
        assert result.complete, result.failures
    else:
        assert [failure.code for failure in result.failures] == [row.code]
    # What a registry keeps as it was sent, and calls by another name, is there all the same.
    run.arrived(without=lost, absent=not any(fault.digest_header for _end, fault in row.faults))
    assert not any(gate.faults.unused() for gate in run.gates.values())
    counts = run.counts()
    for end, more in zip((SOURCE, DESTINATION), row.more):
        assert counts[end] <= usual[end] + more, f"{counts[end]} requests at the {end}, {usual[end]} without a fault"
