# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The way from a module into the core, which is not packed with it but kept by the host (decisions, 0008).

The action plugin says in the environment which version of the core a module is to run; where the host does not keep it, the
module ends with an answer that lets the action plugin bring it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible_collections.disconnected.mirror.plugins import module_utils
from ansible_collections.disconnected.mirror.plugins.module_utils.loader import job, place

# Digest of the core, and the path of a zip of it where the action plugin has brought one.
DIGEST, ARCHIVE = "DISCONNECTED_MIRROR_CORE", "DISCONNECTED_MIRROR_CORE_ARCHIVE"
# In the result of a module whose host does not keep the core.
MISSING = "disconnected_mirror_core_missing"
_ROOM = f"{module_utils.__name__}.adapters"
# The oldest Python that the core runs on.
OLDEST = (3, 9)
TOO_OLD = (
    "{} is Python {}; disconnected.mirror needs Python 3.9 or later on the host that mirrors. Install a newer one (on RHEL 8: dnf install "
    "python3.11 python3.11-pyyaml python3.11-requests), and set ansible_python_interpreter to its path for this host."
)
_ALONE = "This module does its work through the action plugin of disconnected.mirror that has its name: run it as a task."


class Adapter:
    """A module's part of the core.  arguments: its specification."""

    def __init__(self, name: str, libraries: bool) -> None:
        self._adapter = importlib.import_module(f"{_ROOM}.{name}")
        self._outcome = importlib.import_module(f"{_ROOM}.outcome")
        self._libraries = importlib.import_module(f"{_ROOM}.libraries") if libraries else None
        self.arguments: dict[str, Any] = self._adapter.ARGUMENTS

    def finish(self, module: Any) -> None:
        """Does the module's work and ends it."""
        if self._libraries is not None:
            self._libraries.require_libraries(module)
        self._outcome.finish(module, lambda: self._adapter.run(module.params, module.check_mode))


def adapter(name: str, libraries: bool = True) -> Adapter:
    """Ends the process with an answer where there is no core.

    libraries: whether the module needs those that are required on a mirror host.
    """
    if sys.version_info < OLDEST:
        _end({"msg": TOO_OLD.format(sys.executable, f"{sys.version_info[0]}.{sys.version_info[1]}")})
    found = _found(name, libraries)
    job.detach(os.environ)
    return found


def _found(name: str, libraries: bool) -> Adapter:
    bytecode = sys.dont_write_bytecode
    if _reached(os.environ):
        # It is ours, and a core without bytecode is compiled for every task.
        sys.dont_write_bytecode = False
    try:
        return Adapter(name, libraries)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(module_utils.__name__):
            raise
        _end({MISSING: True, "msg": "The core is not on this host." if DIGEST in os.environ else _ALONE})
    finally:
        sys.dont_write_bytecode = bytecode


def _end(result: Mapping[str, Any]) -> NoReturn:
    """Before there is anything that could end the module as the others are ended."""
    sys.stdout.write(json.dumps({"failed": True, **result}) + "\n")
    raise SystemExit(0)


def _reached(environ: Mapping[str, str]) -> bool:
    """Lets the core be imported from where it is; whether it is kept."""
    digest, archive = environ.get(DIGEST, ""), environ.get(ARCHIVE, "")
    if not digest:
        return False
    try:
        kept = place.keep(digest, archive, environ) if archive else place.find(digest, environ)
    except ValueError as error:
        _end({"msg": f"{error}. Run the task again."})
    if kept or archive:
        module_utils.__path__.insert(0, kept or archive)
    return bool(kept)
