"""greeting on the real engine."""

from __future__ import annotations

import pytest

from tests.engine.engine import Engine
from tests.engine.results import result


@pytest.mark.parametrize(
    ("given", "language", "greeting"),
    [
        ({"name": "Ada"}, "English", "Hello, Ada!"),
        ({"name": "Ada", "language": "English"}, "English", "Hello, Ada!"),
        ({"name": "Ada", "language": "Spanish"}, "Spanish", "Hola, Ada!"),
        ({"name": "Ada", "language": "German"}, "German", "Hallo, Ada!"),
    ],
)
def test_a_person_is_greeted_in_the_language_of_their_choice(
    engine: Engine, given: dict[str, str], language: str, greeting: str
) -> None:
    run = engine.start("greeting", given)
    assert run.finish() == run.data
    assert result(run.data) == {
        "completedWith": "success",
        "message": f"Greeted Ada in {language}.",
        "outputs": [
            {"key": "Greeting", "value": greeting, "format": "text"},
            {"key": "Language", "value": language, "format": "text"},
        ],
    }
