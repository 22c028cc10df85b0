"""The command line, by subject: each module adds its commands with `add`, and does them.

Belongs here: arguments, and which function of the other rooms does what is asked for. Does not
belong here: what the commands do; each is imported only when it is called, so that `--help` is
quick. Errors become one line and an exit code in `bot.__main__`, which also has the commands that
start, try and check the service.
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import TypeAlias

#: Of the project: config.yml, data/, actions/. Relative paths in the settings start here.
ROOT = Path(__file__).resolve().parent.parent.parent

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def user() -> str:
    """Who sits at the terminal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


def login() -> str:
    """Likewise, for the registry of models."""
    return f"{name} (terminal)" if (name := user()) else "terminal"
