"""The judge: validates recorded JSON lines with aiogram's models. Run by `.venv/oracle/bin/python`.

A batch is a number of lines of JSON on standard input, ended by an empty one: {"update": ...} or
{"method", "params", "result" | "error"}. A line passes if aiogram's models accept it *and know all
its fields*: they would let a misspelt field pass as an extra. Each batch is answered by one line,
{"judged": how many, "objections": [...]}.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

aiogram: Any = importlib.import_module("aiogram")
methods: Any = importlib.import_module("aiogram.methods")
types: Any = importlib.import_module("aiogram.types")
pydantic: Any = importlib.import_module("pydantic")

_BOT = aiogram.Bot(token="7000001:" + "x" * 35)


def unknown(value: Any, path: str) -> Iterator[str]:
    """The fields that no model knows, as paths."""
    if isinstance(value, pydantic.BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name} is no field of {type(value).__name__}"
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from unknown(item, f"{path}[{number}]")


def judge(line: dict[str, Any]) -> Iterator[str]:
    if "update" in line:
        update = types.Update.model_validate(line["update"], context={"bot": _BOT})
        yield from unknown(update, "update")
        return
    name = line["method"]
    method = getattr(methods, name[0].upper() + name[1:])
    if "error" in line:
        error = methods.Response[method.__returning__].model_validate(line["error"])
        for name in line["error"].keys() - type(error).model_fields.keys():
            yield f"error.{name} is no field of {type(error).__name__}"
        if error.error_code is None or not error.description:
            yield "error: without code or description"
        yield from unknown(error, "error")
        return
    # Files travel beside the parameters; any string stands for one here.
    asked = method.model_validate(line["params"])
    yield from unknown(asked, name)
    answer = methods.Response[method.__returning__].model_validate(
        {"ok": True, "result": line["result"]}, context={"bot": _BOT}
    )
    yield from unknown(answer.result, f"{name}().result")


def opinion(line: dict[str, Any]) -> list[str]:
    try:
        return list(judge(line))
    except pydantic.ValidationError as why:
        what = line.get("method", "update")
        return [f"{what}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in why.errors()]


def main() -> None:
    batch: list[dict[str, Any]] = []
    for text in sys.stdin:
        if text.strip():
            batch.append(json.loads(text))
            continue
        found = [objection for line in batch for objection in opinion(line)]
        sys.stdout.write(json.dumps({"judged": len(batch), "objections": found}) + "\n")
        sys.stdout.flush()
        batch.clear()


main()
