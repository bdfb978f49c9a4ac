# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test's sanity tests where only package indexes can be reached, and no container engine is there.

ansible-test keeps its environments below the home directory, fetches a script that installs pip from the
internet, and drops pip's settings from the environment.  So it gets a home of ours, a script that takes the
pip which comes with Python, and a pip.conf with the settings that hold here.
"""

from __future__ import annotations

import argparse
import glob
import importlib.util
import os
import re
import subprocess
import sys

GET_PIP = """\
import subprocess, sys
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *wanted]).returncode)
"""


def bootstrap_versions() -> set[str]:
    """The versions of pip that the installed ansible-test wants to start with."""
    folder = importlib.util.find_spec("ansible_test").submodule_search_locations[0]
    with open(os.path.join(folder, "_internal", "python_requirements.py"), encoding="utf-8") as file:
        return set(re.findall(r"\bpip='([\d.]+)'", file.read()))


def pip_settings() -> str:
    """pip's settings, wherever they come from, as a pip.conf; later sources win, as pip has it."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True).stdout
    settings = {}
    for scope in ("global", "install", ":env:"):
        for line in listed.splitlines():
            match = re.match(re.escape(scope) + r"\.([a-z-]+)='(.*)'\Z", line)
            if match and match.group(1) != "config-file":
                settings[match.group(1)] = match.group(2).replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in sorted(settings.items()))


def write(path: str, content: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)


def interpreter(version: str) -> str:
    """The real file of a Python version; version managers put scripts in its place, which ansible-test cannot use."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    managed = glob.glob(os.path.join(glob.escape(pyenv), "versions", f"{version}.*", "bin", f"python{version}"))
    for name in [f"python{version}", *managed]:
        try:
            command = [name, "-c", "import os, sys; print(os.path.realpath(sys.executable))"]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            continue
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", help="a copy of the collection at .../ansible_collections/<namespace>/<name>")
    parser.add_argument("--old-python", default="", help="also compile and import with this version, where it is installed")
    parser.add_argument("--test", action="append", default=[], help="only these tests")
    arguments = parser.parse_args()

    home = os.path.abspath(os.path.join(arguments.tree, os.pardir, os.pardir, os.pardir, "home"))
    for version in bootstrap_versions():
        write(os.path.join(home, ".ansible", "test", "cache", f"get_pip_{version.replace('.', '_')}.py"), GET_PIP)
    write(os.path.join(home, ".config", "pip", "pip.conf"), pip_settings())

    current = f"{sys.version_info[0]}.{sys.version_info[1]}"
    runs = [(current, os.path.realpath(sys.executable), arguments.test)]
    old = interpreter(arguments.old_python) if arguments.old_python else ""
    if old and not arguments.test:
        runs.append((arguments.old_python, old, ["compile", "import"]))
    elif arguments.old_python and not arguments.test:
        remedy = f"pyenv install {arguments.old_python} brings it, or name another by OLD_PYTHON="
        print(f"skipped: sanity compiles and imports with Python {current} only, for {arguments.old_python} is not installed; {remedy}")
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "ANSIBLE_"))}
    status = 0
    for version, path, tests in runs:
        environment = dict(keep, HOME=home, PATH=os.pathsep.join([os.path.dirname(path), keep["PATH"]]))
        command = ["ansible-test", "sanity", "--local", "--color", "no", "--python", version]
        command += [word for test in tests for word in ("--test", test)]
        status |= subprocess.run(command, cwd=arguments.tree, env=environment, check=False).returncode
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
