"""The account of the machine that PostgreSQL runs as where we are root: it refuses to be root's."""

import fcntl
import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from functools import cache

ACCOUNT = "lianqiao"


@cache
def postgres_account() -> pwd.struct_passwd:
    """Return the account, which is made where it is missing."""
    with suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    command = shutil.which("useradd", path=path)
    return _made(command) if command else pwd.getpwnam("nobody")


def _made(command: str) -> pwd.struct_passwd:
    """Make the account once: `useradd` looks for the name before it waits for its turn.

    Of two at once the later would give the same name another number.
    """
    words = [command, "--system", "--no-create-home", "--shell", "/bin/false", ACCOUNT]
    accounts = os.open("/etc", os.O_RDONLY)  # the folder stays; each change replaces the file
    try:
        fcntl.flock(accounts, fcntl.LOCK_EX)
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        subprocess.run(words, check=True, capture_output=True)  # noqa: S603  every word is ours
        return pwd.getpwnam(ACCOUNT)
    finally:
        os.close(accounts)
