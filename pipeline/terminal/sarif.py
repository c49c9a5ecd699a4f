"""Findings as SARIF, for code scanning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from generator.findings.edits import Edit
from generator.findings.finding import Finding
from generator.findings.printable import in_one_line
from generator.lint.rule import Rule
from pipeline.terminal.annotations import LEVELS, path_in_repository

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], rules: Mapping[str, Rule], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log (OASIS standard), for `github/codeql-action/upload-sarif` and other readers.

    A finding without a line is placed on line 1 of its file, since code scanning requires one.
    """
    names = sorted({finding.rule for finding in findings})
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "waybill",
                        "semanticVersion": version("waybill"),
                        "rules": [_sarif_rule(name, rules.get(name)) for name in names],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, names.index(finding.rule), environment) for finding in findings],
            }
        ],
    }


def _sarif_rule(name: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": name}
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in re.split("[^a-z0-9]+", name)),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.reason} Otherwise: {rule.consequence}"},
        "help": {"text": rule.as_text(), "markdown": rule.as_markdown()},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _result(finding: Finding, rule_index: int, environment: Mapping[str, str]) -> dict[str, Any]:
    artifact = {"uri": quote(path_in_repository(finding.path, environment))}
    region = {"startLine": finding.line or 1, "startColumn": finding.column or 1}
    fixes = {"fixes": [_fix(finding.edit, environment)]} if finding.edit else {}
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": LEVELS[finding.severity],
        "message": {"text": in_one_line(finding.message)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        **fixes,
    }


def _fix(edit: Edit, environment: Mapping[str, str]) -> dict[str, Any]:
    region = {
        "startLine": edit.line,
        "startColumn": edit.column,
        "endLine": edit.line,
        "endColumn": edit.column + len(edit.old),
    }
    artifact = {"uri": quote(path_in_repository(edit.path, environment))}
    replacement = {"deletedRegion": region, "insertedContent": {"text": edit.new}}
    return {
        "description": {"text": f"Write '{edit.new}'."},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}],
    }
