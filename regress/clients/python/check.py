"""What the Python clients' tests share: the server's address, and counting."""
import os
import sys

HOST = os.environ["PGHOST_TCP"]
PORT = int(os.environ["PGPORT"])
USER = os.environ["PGUSER"]
DATABASE = os.environ["PGDATABASE"]

_client = os.path.basename(sys.argv[0]).replace("_test.py", "")
_passed = 0
_failed = 0


def check(name, got, want):
    global _passed, _failed
    if got == want:
        _passed += 1
        print(f"ok       clients/{_client}/{name}")
    else:
        _failed += 1
        print(f"not ok   clients/{_client}/{name}\n    got  {got!r}\n    want {want!r}")


def attempt(name, action, want):
    """As check, of what an action gives; an exception is a failure."""
    try:
        got = action()
    except Exception as error:  # whatever a driver raises is to be shown
        got = f"{type(error).__name__}: {error}"
    check(name, got, want)


def finish():
    print(f"{_passed} passed, {_failed} failed")
    sys.exit(_failed > 0)
