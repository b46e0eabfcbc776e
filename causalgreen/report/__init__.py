"""Reports: what a study found, as a page, a Markdown text or a LaTeX file."""

from __future__ import annotations

from causalgreen.report.page import Page, Section
from causalgreen.report.study_page import study_page
from causalgreen.report.write import write_report

__all__ = ["Page", "Section", "study_page", "write_report"]
