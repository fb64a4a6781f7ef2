"""Run the Python of docs/network.md as it stands there: it must print what the page says."""

import contextlib
import io
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def network():
    text = (ROOT / "docs/network.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.S).group(1)
    promised = re.search(r"It prints\n\n    (.*)\n", text).group(1)
    printed = io.StringIO()
    os.chdir(ROOT)
    with contextlib.redirect_stdout(printed):
        exec(code, {"__name__": "page"})
    assert printed.getvalue().strip() == promised, f"docs/network.md promises {promised}, the code prints {printed.getvalue()}"
    print(f"page: docs/network.md prints {promised}")
