# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one place where the core's values and errors become a module's result."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.secrets import secrets_in
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, MirrorError, fault_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.notice import Notice
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text import shown
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import masked
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted

# Task results stay small; the whole truth is in files (user-needs, section 7, item 4).
MAX_FILES = 100
MAX_FAILURES = 20
MAX_WARNINGS = 20
MAX_REASONS = 5


@dataclass(frozen=True)
class Outcome:
    """What a module has to tell.

    values: the module's own return values, small.
    failures: all of them, for modules that report failures one by one; the first ones are returned.  None for others.
    problem: why the task failed, empty when it did not.  diff: for `--diff`, empty for none.
    """

    changed: bool
    values: dict[str, Any] = field(default_factory=dict)
    failures: tuple[Failure, ...] | None = None
    warnings: tuple[str, ...] = ()
    problem: str = ""
    diff: dict[str, str] = field(default_factory=dict)

    def result(self) -> dict[str, Any]:
        """The keyword arguments of exit_json."""
        result: dict[str, Any] = {"changed": self.changed, **self.values}
        return result if self.failures is None else {**result, **failure_values(self.failures)}


def failure_values(failures: Sequence[Failure]) -> dict[str, Any]:
    """The return values of modules that report failures one by one."""
    return {
        "failures": [_short(failure).document() for failure in failures[:MAX_FAILURES]],
        "failures_total": len(failures),
        "failed_categories": sorted({failure.category for failure in failures if failure.category}),
    }


def _short(failure: Failure) -> Failure:
    return replace(failure, wanted_by=tuple(_first(failure.wanted_by, MAX_REASONS, "reason")))


def finish(module: Any, work: Callable[[], Outcome]) -> None:
    """Does the work and ends the module.  An error of the user's world is a message; ours says so, its traceback for those who ask.

    What is told holds foreign text: here, and for all of it, it is made fit to be shown.
    """
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always", Notice)
        try:
            module.no_log_values.update(secrets_in(module.params))
            outcome = work()
        except MirrorError as error:
            _warn(module, _texts(noticed))
            module.fail_json(msg=shown.text(str(error)), error=shown.values(Failure.of(error).document()))
        except Exception as error:
            module.fail_json(msg=shown.text(masked(_fault(error))), exception=shown.text(traceback.format_exc()))
    _warn(module, (*_texts(noticed), *outcome.warnings))
    result = shown.values(outcome.result())
    if outcome.diff and module._diff:
        result["diff"] = shown.values(outcome.diff)
    if outcome.problem:
        module.fail_json(msg=shown.text(outcome.problem), **result)
    module.exit_json(**result)


def _fault(error: Exception) -> str:
    """What to say of an error that nobody expected."""
    if isinstance(error, MemoryError):
        return "there is not enough memory on this host for this task"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"disconnected.mirror failed on something unexpected ({type(error).__name__} in "
        f"{os.path.basename(where.filename)}, line {where.lineno}: {error!s:.300}). Please report it with the output of -vvv."
    )


def _texts(noticed: Sequence[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each.message) for each in noticed if issubclass(each.category, Notice)))


def _warn(module: Any, texts: Sequence[str]) -> None:
    for text in _first(texts, MAX_WARNINGS, "warning"):
        module.warn(shown.line(masked(text)))


def problem_of(failures: Iterable[Failure], what: str) -> str:
    """A sentence that names the first failures; empty when there are none.

    what: what is incomplete, such as `The plan`.
    """
    listed = list(failures)
    if not listed:
        return ""
    return f"{what} is not complete, {len(listed)} failed: {'; '.join(_first(_reasons(listed), 3, 'failure'))}"


def _reasons(failures: Sequence[Failure]) -> list[str]:
    """One text for each fault, however many objects failed because of it."""
    found: dict[Any, list[Failure]] = {}
    for failure in failures:
        found.setdefault(fault_of(asdict(failure)), []).append(failure)
    return [_reason(same) for same in found.values()]


def _reason(same: Sequence[Failure]) -> str:
    first = same[0]
    if len(same) > 1:
        return f"{first.message} (needed for {first.subject} and {len(same) - 1} more). {first.advice}".rstrip()
    return f"{first.subject}: {first.message}" if first.subject not in first.message else first.message


def _first(texts: Sequence[str], count: int, what: str) -> list[str]:
    return list(texts) if len(texts) <= count else [*texts[:count], f"and {counted(len(texts) - count, f'more {what}')}"]
