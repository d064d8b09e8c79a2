"""Forms of run-time expressions: each can be read in its language, and says what it needs."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

import pytest

from sncompile.lowering.expressions import AWK_FUNCTIONS, FORMS, Form, Language

HEADER = Path(__file__).parents[1] / "templates" / "snakemake" / "Snakefile.j2"
ALL = [(language, name, form) for language, forms in FORMS.items() for (name, _), form in forms.items()]


@pytest.mark.parametrize(("language", "name", "form"), ALL, ids=lambda each: str(each)[:20])
def test_what_a_form_calls_is_there(language: Language, name: str, form: Form) -> None:
    """A function of the language, or one that the form says it needs and that targets bring."""
    called = set(re.findall(r"(?<![.\w])([A-Za-z_]+)\(", form.text)) - {"if", "not"}
    there = {
        Language.PYTHON: set(dir(builtins)),
        Language.JAVASCRIPT: set(),
        Language.AWK: {"int"},
    }[language]
    assert called - there == ({form.needs} if form.needs else set())
    if form.needs:
        brought = HEADER.read_text("utf-8") if language is Language.PYTHON else AWK_FUNCTIONS
        assert form.needs in brought
