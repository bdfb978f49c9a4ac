# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The options about charts, documented in `plugins/doc_fragments/charts.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHARTS: dict[str, Any] = {"helm_path": {"type": "str", "default": "helm"}}


def chart_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """As the content source takes them."""
    return {"helm_path": params["helm_path"]}
