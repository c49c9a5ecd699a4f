"""Variants of the folders on which lint and all judges agree that nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.engine.agreement.agreement import Judged
from tests.engine.agreement.folders import Folder
from tests.engine.agreement.mutations import draw

#: Fields that an application shared with others would hide the change of.
_IDENTITY = ("id", "key")


def bases(judged: Iterable[Judged]) -> dict[str, Folder]:
    """The folders to draw variants of, by name: those that nobody finds anything wrong with but their ids."""
    return {
        one.folder.name: one.folder
        for one in judged
        if not one.engine.outcome.refused and one.errors <= {"invalid-name"} and isinstance(one.folder.definition, dict)
    }


def variants(folders: Mapping[str, Folder], count: int, seed: int) -> list[Folder]:
    """Draw so many variants, each named by what was changed; one seed always draws the same."""
    definitions = {name: {**folder.definition, "id": "variant"} for name, folder in folders.items()}
    return [
        folders[one.base].with_definition(one.name, one.definition, shares=one.place.key not in _IDENTITY)
        for one in draw(definitions, count, seed)
    ]
