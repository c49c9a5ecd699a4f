"""Charts for the tests of publishing."""

from __future__ import annotations

import json

from pipeline.charts.archive import Package, package

DIGEST = f"sha256:{'a' * 64}"


def chart(name: str = "greeting", version: str = "1.0.0", *, body: str = "a: 1\n", more: str = "") -> Package:
    """A small chart; `more` are further lines of its Chart.yaml."""
    about = f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}"
    return package({"Chart.yaml": about.encode(), "values.yaml": body.encode()}, name)


def of_workflow(name: str = "greeting", *, digest: str = DIGEST) -> Package:
    """A chart as waybill makes it of a workflow: its image has a digest, or "" ."""
    more = f"annotations:\n  waybill/folder: {name}\n"
    image = {"repository": f"quay.io/o/{name}", "tag": "src-1", "digest": digest}
    return chart(name, body=f"image: {json.dumps(image)}\n", more=more)


def umbrella(version: str = "2.0.0", *, body: str = "a: 1\n") -> Package:
    """An umbrella as waybill makes it."""
    return chart("workflows", version, body=body, more="annotations:\n  waybill/sonataflow-versions: 10.x\n")
