"""The standard streams, whatever they were opened as."""

from __future__ import annotations

import io

from pipeline.terminal.streams import take_every_character


def test_a_stream_of_a_code_page_takes_every_character() -> None:
    """A pipe on Windows is one."""
    written = io.BytesIO()
    stream = take_every_character(io.TextIOWrapper(written, encoding="cp1252"))
    stream.write("a → b ─ \udc80")
    stream.flush()
    assert written.getvalue().decode("utf-8") == "a → b ─ \\udc80"
