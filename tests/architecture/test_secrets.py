"""What must not be guessed comes from the system and is long enough; what threads share is not written to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from riskapp.domain import one_time_codes as codes

RISKAPP = Path(__file__).parents[2] / "riskapp"
SOURCES = sorted(RISKAPP.rglob("*.py"))
BYTES = {
    "codes.KEY_BYTES": codes.KEY_BYTES, "codes.RECOVERY_BYTES": codes.RECOVERY_BYTES, "LENGTH_OF_AUDIT_KEY": 32,
}  # fmt: skip
SHORTER = {
    "features/second_factor/service.py: 10": "recovery codes, which people copy by hand; guessing them is slowed down",
    "scheduler.py: 4": "tells one process from another, and is told in the log",
    "serve.py: 2": "a quarter of the demonstration's password",
}
DRAWN = r"secrets\.(token_\w+|choice|randbelow|randbits)"
NO_SECRET = {
    "web/logs.py": "the number of a request", "web/deeds.py": "tells a form sent twice",
    "features/drafting/views.py": "the same", "features/batches/views.py": "the same",
    "features/emerging/views.py": "the same", "features/issues/views.py": "the same",
    "features/near_misses/views.py": "the same",
}  # fmt: skip


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def _named(path: Path) -> str:
    return path.relative_to(RISKAPP).as_posix()


def test_what_must_not_be_guessed_is_drawn_from_the_system_and_holds_128_bits():
    drawn, short = 0, set()
    for path in SOURCES:
        for node in _nodes(path):
            if isinstance(node, ast.Call) and re.fullmatch(DRAWN, ast.unparse(node.func)):
                said = ast.unparse(node.args[0]) if node.args else "none"
                size = BYTES.get(said) or (int(said) if said.isdigit() else 0)
                drawn += 1
                if size < 16:
                    short.add(f"{_named(path)}: {size}")
    assert short == set(SHORTER)
    assert drawn > 12


def test_chance_that_can_be_foretold_is_used_nowhere_and_a_uuid_is_no_secret():
    modules = {"random", "numpy", "uuid"}
    found = {
        (name, _named(path))
        for path in SOURCES
        for node in _nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ({node.module} if isinstance(node, ast.ImportFrom) else {each.name for each in node.names})
        if name in modules
    }
    assert found == {("uuid", path) for path in NO_SECRET}


CHANGES = ("append", "add", "update", "pop", "popitem", "clear", "setdefault", "extend", "remove", "discard", "insert")


def _held_by_the_module(tree: ast.Module) -> set[str]:
    """Names of a module that hold what could be written to."""
    kinds = ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp | ast.Call
    held = [(node.targets[0], node.value) for node in tree.body if isinstance(node, ast.Assign)]
    held += [(node.target, node.value) for node in tree.body if isinstance(node, ast.AnnAssign) and node.value]
    return {ast.unparse(target) for target, value in held if isinstance(value, kinds)}


def _written(tree: ast.Module) -> Iterator[str]:
    """What functions write to, and do not hold themselves."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own |= {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
        for node in ast.walk(function):
            target = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
                target = ast.unparse(node.value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
                target = ast.unparse(node.func.value)
            elif isinstance(node, ast.Global):
                target = node.names[0]
            if target and target not in own:
                yield target


def test_no_function_writes_to_what_the_threads_of_a_process_share():
    wrong, seen = [], 0
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        held = _held_by_the_module(tree)
        seen += len(held)
        wrong += [f"{_named(path)}: {target}" for target in _written(tree) if target in held]
    assert wrong == []
    assert seen > 200


def test_what_is_shared_and_written_to_would_be_seen():
    tree = ast.parse(
        "KNOWN = {}\ndef note(x):\n    KNOWN[x] = 1\n    KNOWN.update(x)\n    local = []\n    local.append(x)"
    )
    assert list(_written(tree)) == ["KNOWN", "KNOWN"]
    assert _held_by_the_module(tree) == {"KNOWN"}


def test_a_lock_is_held_by_a_block_or_by_a_transaction_and_by_nothing_that_could_forget_it():
    held = [
        f"{_named(path)}: {ast.unparse(node.func)}"
        for path in SOURCES
        for node in _nodes(path)
        if isinstance(node, ast.Call)
        and re.fullmatch(r".*\.(acquire|release)|.*pg_advisory_(un)?lock", ast.unparse(node.func))
    ]
    made = [
        _named(path) for path in SOURCES if re.search(r"threading\.(R?Lock|\w*Semaphore|Condition)\(", path.read_text())
    ]
    rows = {_named(path) for path in SOURCES if "with_for_update" in path.read_text()}
    assert held == []
    assert made == ["scheduler.py"], "one lock, so that no two can wait for each other"
    assert all(path.endswith(("service.py", "queries.py")) for path in rows), "what a door's transaction ends"
    assert len(rows) >= 4
