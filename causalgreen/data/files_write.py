"""Write tables the way that CSMAR delivers them: header rows, dictionaries, several parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from causalgreen.errors import DataError, Fault

__all__ = ["write_csmar", "write_dictionary", "write_parts", "write_xlsx"]


def write_xlsx(path: Path, table: pd.DataFrame, heads: list[list[str]]) -> None:
    """Write a workbook row by row; ``heads`` are the rows above the data."""
    try:
        from openpyxl import Workbook
    except ImportError as error:
        fix = 'install it: pip install "causalgreen[files]"'
        what = f"{path}: writing workbooks needs openpyxl, which is not installed"
        raise DataError([Fault("missing_writer", what, fix)]) from error
    book = Workbook(write_only=True)
    sheet = book.create_sheet("sheet1")
    for row in heads:
        sheet.append(row)
    cells = table.astype(object).where(table.notna(), None)
    for values in cells.itertuples(index=False, name=None):
        sheet.append(list(values))
    book.save(path)


def write_csmar(
    folder: Path, code: str, table: pd.DataFrame, labels: Mapping[str, str], parts: int = 1
) -> None:
    """Write a CSMAR folder: workbooks with codes, labels and units; dictionary; notice."""
    folder.mkdir(parents=True)
    names = list(table.columns)
    heads = [names, [labels[n] for n in names], ["没有单位"] * len(names)]
    size = -(-len(table) // parts)
    for part in range(parts):
        tail = "" if part == 0 else str(part)
        rows = table.iloc[part * size : (part + 1) * size]
        write_xlsx(folder / f"{code}{tail}.xlsx", rows, heads)
    write_dictionary(folder / f"{code}[DES][xlsx].txt", labels)
    (folder / "版权声明.pdf").write_bytes(b"%PDF-1.4\n% simulated\n%%EOF\n")


def write_dictionary(path: Path, labels: Mapping[str, str]) -> None:
    """Write what each code means, one a line."""
    lines = [f"{code} [{label}] - {label}" for code, label in labels.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_parts(folder: Path, code: str, table: pd.DataFrame, parts: int) -> None:
    """Write one table as several csv files, each with its header."""
    folder.mkdir(parents=True)
    size = -(-len(table) // parts)
    for part in range(parts):
        tail = "" if part == 0 else str(part)
        rows = table.iloc[part * size : (part + 1) * size]
        rows.to_csv(folder / f"{code}{tail}.csv", index=False, encoding="utf-8-sig")
