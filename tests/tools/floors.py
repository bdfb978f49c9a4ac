# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors of the core, and their picture in docs/dev/architecture.md, drawn by `make floors`.

`tests/unit/test_floors.py` holds the imports to this table and the picture to it.
"""

from __future__ import annotations

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PAGE = os.path.join(ROOT, "docs", "dev", "architecture.md")

# From the bottom; rooms of one floor do not import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("base",),
    ("http", "daemon"),
    ("stores", "cluster"),
    ("imageset", "signatures"),
    ("releases", "catalogs", "charts", "extras"),
    ("planning",),
    ("transfer",),
    ("resources", "report", "verify", "prune"),
    ("runs",),
    ("adapters",),
    ("loader",),
)
# What each room is for, in a few words.
ROOMS: dict[str, str] = {
    "base": "values and their rules: references, digests, manifests, versions, limits; files, locks, YAML",
    "http": "requests to hosts: credentials, tokens, TLS, proxies, retries, pace",
    "daemon": "a program that keeps running as a process of the user",
    "stores": "content wherever it lies: registry, layout, archive, legacy archives, web, and views of several",
    "cluster": "an API server: what is in effect there, what is applied to it, what that sets off",
    "imageset": "the configuration as a checked value, and where each image goes",
    "signatures": "whose signatures count, and whether one is right",
    "releases": "platform: update graph, payloads, graph image, boot images",
    "catalogs": "operators: reading, filtering, rebuilding catalogs",
    "charts": "helm: which images charts name",
    "extras": "additionalImages",
    "planning": "configuration + content + history -> plan; difference, forecast, explanation, replay",
    "transfer": "moves what is missing from one store to another",
    "resources": "plan -> what a cluster applies",
    "report": "run -> what people read",
    "verify": "plan against mirror",
    "prune": "what may be deleted, and what must not",
    "runs": "one file for each workflow: a frozen request in, a result out",
    "adapters": "one file for each module: parameters in, outcome out; the only room that knows Ansible",
    "loader": "from a module, which is packed alone, into the core that its host keeps",
}
_MARKS = ("<!-- floors -->\n", "<!-- end of floors -->\n")
_WIDTH = 118


def picture() -> str:
    """The floors from the top, a box each."""
    rule = "+" + "-" * _WIDTH + "+\n"
    lines = [rule]
    for floor in reversed(FLOORS):
        lines += [f"| {room:<10} {ROOMS[room]:<{_WIDTH - 13}} |\n" for room in floor]
        lines.append(rule)
    return "```text\n" + "".join(lines) + "```\n"


def drawn(page: str) -> str:
    """The page with the picture as it should be."""
    return re.sub(f"(?s)(?<={re.escape(_MARKS[0])}).*?(?={re.escape(_MARKS[1])})", lambda _match: picture(), page)


def main() -> None:
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(drawn(page))


if __name__ == "__main__":
    main()
