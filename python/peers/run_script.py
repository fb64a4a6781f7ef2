"""Runs a peer's test that is a script. Each `assert` is a comparison that is counted; loops are bounded; pictures that it
would download, or that are missing, are drawn.

    python run_script.py SCRIPT       # the environment names the peer and the file for the results
"""

import ast
import contextlib
import io
import json
import os
import pathlib
import random
import re
import sys
import urllib.request

import redirection

MOST_ROUNDS, MOST_REPEATS = 20, 2  # of loops; of those that only take time: `for _ in ...`
PICTURES = {"kodim10.png": (512, 768, 3), "einstein.png": (256, 256)}  # of pytorch-msssim's scripts


class Skip(BaseException):
    pass


def _skip(reason):
    raise Skip(reason)


class Bounded(ast.NodeTransformer):
    """Asserts become calls of `__check__`; loops end after some rounds."""

    def visit_Assert(self, node):
        test = ast.Lambda(ast.arguments([], [], None, [], [], None, []), node.test)
        return ast.copy_location(ast.Expr(_call("__check__", ast.Constant(node.lineno), test)), node)

    def visit_For(self, node):
        self.generic_visit(node)
        only_time = isinstance(node.target, ast.Name) and node.target.id == "_"
        node.iter = ast.copy_location(
            _call("__some__", node.iter, ast.Constant(MOST_REPEATS if only_time else MOST_ROUNDS)), node.iter)
        return node

    def visit_While(self, node):
        self.generic_visit(node)
        again = ast.copy_location(_call("__again__", ast.Constant(node.lineno)), node.test)
        node.test = ast.copy_location(ast.BoolOp(ast.And(), [again, node.test]), node.test)
        return node


def _call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def draw(path):
    """Waves, edges and grain, the same at every run."""
    import numpy as np
    from PIL import Image

    shape = PICTURES.get(pathlib.Path(path).name, (512, 768, 3))
    height, width = shape[:2]
    down, across = np.mgrid[:height, :width] / 100
    planes = []
    for plane in range(3):
        waves = np.sin((3 + plane) * across) + np.cos(5 * down + plane) + np.sin(across * down)
        planes.append(128 + 25 * waves + 30 * ((across + down) % 1 > 0.5))
    picture = np.stack(planes, -1) + np.random.default_rng(0).normal(0, 6, (height, width, 3))
    picture = picture.clip(0, 255).astype(np.uint8)
    Image.fromarray(picture if len(shape) == 3 else picture[..., 0]).save(path)


def provide_pictures():
    try:
        from PIL import Image
    except ImportError:
        return

    def retrieve(url, path=None, *_, **__):
        if path is None or pathlib.Path(path).suffix.lower() not in (".png", ".bmp"):
            _skip(f"needs a download of {url}")
        draw(path)
        return path, None

    original = Image.open

    def opened(path, *rest, **named):
        if isinstance(path, str) and path in PICTURES and not os.path.exists(path):
            draw(path)
        return original(path, *rest, **named)

    urllib.request.urlretrieve, Image.open = retrieve, opened


def numbers(text):
    """The numbers of what was printed, but for times."""
    text = re.sub(r"\(?[\d.]+ ?m?s\b\)?", "", text)
    return [float(number) for number in re.findall(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?", text)]


def main(path):
    import numpy as np
    import torch

    redirection.prepare(_skip)
    provide_pictures()
    if os.environ["PEER_TESTS_MODE"] == "ours":
        redirection.redirect(os.environ["PEER_TESTS_PEER"])
    source = pathlib.Path(path).read_text()
    tree = ast.parse(source)
    redirection.provide_missing(tree, _skip, absorbing=True)
    lines, results, rounds = source.splitlines(), [], {}

    def check(line, test):
        label = f"line {line}: {lines[line - 1].strip()}"
        try:
            held = bool(test())
            outcome, reason = ("passed", "") if held else ("failed", "is false")
            results.append({"test": label, "outcome": outcome, "reason": reason})
        except Skip as skip:
            results.append({"test": label, "outcome": "skipped", "reason": str(skip)})
        except Exception as error:  # noqa: BLE001 - a script may fail anyhow
            results.append({"test": label, "outcome": "failed", "reason": f"{type(error).__name__}: {error}"})

    def some(items, most):
        for index, item in enumerate(items):
            if index == most:
                return
            yield item

    def again(line):
        rounds[line] = rounds.get(line, 0) + 1
        return rounds[line] <= MOST_ROUNDS

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    sys.argv, end = [path], {"test": "runs to its end", "outcome": "passed", "reason": ""}
    printed = io.StringIO()
    code = compile(ast.fix_missing_locations(Bounded().visit(tree)), path, "exec")
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {
                "__name__": "__main__", "__file__": path, "__check__": check, "__some__": some, "__again__": again})
    except Skip as skip:
        end.update(outcome="skipped", reason=str(skip))
    except Exception as error:  # noqa: BLE001
        line = error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else 0
        end.update(outcome="failed", reason=f"line {line}: {type(error).__name__}: {error}")
    pathlib.Path(os.environ["PEER_TESTS_REPORT"]).write_text(
        json.dumps({"results": results + [end], "numbers": numbers(printed.getvalue())}))


if __name__ == "__main__":
    main(sys.argv[1])
