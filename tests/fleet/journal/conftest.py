from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from backends.contract.model import ResourceId
from fleet.journal import Draft, Journal
from fleet.values import Actor

WEB = ResourceId("docker:default", "container", "c0ffee")
DB = ResourceId("docker:default", "container", "d0d0")


def draft(title: str = "Stop web", at: float = 1000.0, **changes: object) -> Draft:
    fields: dict[str, object] = {
        "at": at,
        "actor": Actor.PERSON,
        "door": "key",
        "verb": "container.stop",
        "title": title,
        "targets": (WEB,),
        "names": ("web",),
        "calls": ("docker stop web",),
    }
    return Draft(**{**fields, **changes})  # type: ignore[arg-type]  # mixed field types, checked where they are used


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncGenerator[Journal, None]:
    opened = await Journal.open(path, output_limit=4096)
    yield opened
    await opened.close()
