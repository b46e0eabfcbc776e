"""Reports: what a study found, as a page, a Word file, a Markdown text or a LaTeX file."""

from __future__ import annotations

from causalgreen.report.journal import JournalTable, journal_table
from causalgreen.report.page import Page, Section
from causalgreen.report.study_page import study_page
from causalgreen.report.write import write_report

__all__ = ["JournalTable", "Page", "Section", "journal_table", "study_page", "write_report"]
