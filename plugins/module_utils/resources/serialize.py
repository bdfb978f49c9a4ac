# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Documents as bytes: the same document is the same bytes on every host and in every run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import yaml


def yaml_bytes(documents: Iterable[Any]) -> bytes:
    """Each document after `---`, keys in the order given, lines not folded."""
    text = "".join("---\n" + _dump(document) for document in documents)
    return text.encode("utf-8")


def json_bytes(document: Any) -> bytes:
    """Keys in the order given, indent 2, final newline."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _dump(document: Any) -> str:
    """By the Python emitter whatever the host has: libyaml's folds and quotes a little differently."""
    dumper = _plain_dumper()
    return str(yaml.dump(document, Dumper=dumper, default_flow_style=False, sort_keys=False, allow_unicode=True, width=1_000_000))


def _plain_dumper() -> Any:
    class Plain(yaml.SafeDumper):
        """Without anchors: clusters' tools read them, people do not."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Plain
