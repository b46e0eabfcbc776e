"""The report on paper and on screen: the same numbers in every format, and pages that hold."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from office import (
    FRAMES,
    HASH,
    Html,
    latex_grids,
    markdown_grids,
    office_page,
    program,
    run,
    word_grids,
)
from PIL import Image, ImageChops

from causalgreen.report import write_report
from causalgreen.report.cells import as_cells
from causalgreen.report.phrases import phrases
from causalgreen.report.picture import _cropped, _drawn, address_of, png_of, svg_of
from causalgreen.report.widths import ROOM, panels, widths

CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module", params=LANGUAGES)
def written(request, tmp_path_factory):
    """The folder with a page in every format, and the page."""
    folder = tmp_path_factory.mktemp(request.param)
    page = office_page(request.param)
    for suffix in ("html", "docx", "md", "tex"):
        write_report(folder / f"r.{suffix}", page)
    return folder, page


@pytest.fixture(scope="module")
def html(written):
    return Html((written[0] / "r.html").read_text("utf-8"))


def test_every_format_holds_the_same_tables(written, html):
    folder, page = written
    wanted = html.grids()
    assert len(wanted) == sum(section.table is not None for section in page.sections) > 8
    caption = {"en": "Table ", "zh": "表 "}[page.lang]
    assert word_grids(folder / "r.docx", caption) == wanted
    assert markdown_grids((folder / "r.md").read_text("utf-8")) == wanted
    assert latex_grids((folder / "r.tex").read_text("utf-8")) == wanted


def test_a_changed_number_would_be_seen(written, html):
    folder, _ = written
    text = (folder / "r.tex").read_text("utf-8")
    assert "1,236 " in text
    assert latex_grids(text) == html.grids()
    assert latex_grids(text.replace("1,236 ", "1,237 ")) != html.grids()


def test_every_format_holds_the_same_sentences(written, html):
    folder, page = written
    import docx

    word = "\n".join(p.text for p in docx.Document(str(folder / "r.docx")).paragraphs)
    marked = (folder / "r.md").read_text("utf-8")
    count = 0
    for section in page.sections:
        lines = [re.sub(r"^(- +|\d+\. +)", "", line) for line in section.text.splitlines()]
        for line in filter(None, [*lines, section.note]):
            plain = re.sub(r"\*\*|`|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)", "", line).strip()
            assert plain in word
            assert plain in html.text
            assert line.strip() in marked
            count += 1
    assert count > 40


def test_nothing_is_loaded_from_elsewhere(html):
    for tag, attrs in html.tags:
        assert tag not in ("script", "link", "iframe", "object", "base")
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("src", "href", "srcset", "data"):
                assert value.startswith(("data:image/svg+xml;charset=utf-8,", "#part-"))
    css = files("causalgreen.report").joinpath("style.css").read_text("utf-8")
    assert not re.search(r"url\(|@import|https?:", css)


def test_page_says_its_language_and_title_and_headings_are_in_order(written, html):
    _, page = written
    (attrs,) = [attrs for tag, attrs in html.tags if tag == "html"]
    assert attrs["lang"] == {"en": "en", "zh": "zh-Hans"}[page.lang]
    assert sum(tag == "title" for tag, _ in html.tags) == 1
    levels = [int(tag[1]) for tag, _ in html.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    identities = [attrs["id"] for _, attrs in html.tags if "id" in attrs]
    assert len(identities) == len(set(identities)) == len(page.sections)


def test_figures_and_tables_are_told_to_those_who_cannot_see(html):
    images = [attrs for tag, attrs in html.tags if tag == "img"]
    assert len(images) == 5
    assert all(len(attrs["alt"]) >= 10 for attrs in images)
    assert sum(tag == "figcaption" for tag, _ in html.tags) == len(images)
    heads = [attrs for tag, attrs in html.tags if tag == "th"]
    assert {attrs.get("scope") for attrs in heads} == {"col", "row"}
    tables = sum(tag == "table" for tag, _ in html.tags)
    assert sum(tag == "caption" for tag, _ in html.tags) == tables
    boxes = [attrs for tag, attrs in html.tags if "scroll" in attrs.get("class", "").split()]
    assert len(boxes) == tables + len(images)
    for attrs in boxes:  # what is moved sideways can be reached by keyboard, and has a name
        assert attrs["tabindex"] == "0"
        assert attrs["role"] == "region"
        assert len(attrs["aria-label"]) > 3


def test_english_left_on_a_chinese_page_is_marked(written):
    folder, page = written
    text = (folder / "r.html").read_text("utf-8")
    body = text.split("<body>")[1]
    if page.lang == "en":
        assert 'lang="en"' not in body
        return
    assert body.count('<span lang="en">No lead is found') >= 4
    rest = re.sub(r'<span lang="en">.*?</span>', "", body, flags=re.DOTALL)
    seen = re.sub(r"<[^>]+>", "\n", rest)
    left = [run for run in re.split(r"[^A-Za-z ]+", seen) if len(run.split()) >= 5]
    assert left == []
    assert "程序原文（英文）" in seen


def test_chinese_page_has_chinese_titles_verdicts_and_heads(written, html):
    _, page = written
    if page.lang == "en":
        pytest.skip("the English page")
    assert all(CHINESE.search(section.title) for section in page.sections)
    verdicts = {text for grid in html.grids() for row in grid for head, text in row
                if head == "判断"}  # fmt: skip
    assert len(verdicts) >= 4
    assert verdicts <= {"通过", "存疑", "未通过", "不适用", "可识别", "需附加假设", "不可识别"}


def test_an_english_page_speaks_english_of_chinese_names():
    assert phrases("en").full("absorb 城市 if 人工智能 varies") == "Absorb 城市 if 人工智能 varies."


def test_names_in_quotes_are_joined_in_chinese():
    said = (
        'absorb "city^year" and "industry^year" if ai or peer_ai still varies inside such cells; '
        "else argue that city_shock or industry_shock moves only one side"
    )
    told = phrases("zh").tell(said)
    assert '"city^year"和"industry^year"' in told
    assert not re.search(r" (?:and|or) ", told)


def test_figures_take_up_less_than_half_and_look_the_same(rng_figure):
    plain = BytesIO()
    rng_figure.savefig(plain, format="png", dpi=200, bbox_inches="tight", facecolor="white")
    small = png_of(rng_figure)
    assert len(small) < 0.5 * len(plain.getvalue())
    whole, after = (Image.open(BytesIO(b)).convert("RGB") for b in (plain.getvalue(), small))
    # The same picture before it got a palette: matplotlib's own lies between other pixels.
    before = Image.fromarray(_cropped(_drawn(rng_figure, 200), 20))
    whole, before, after = (picture.crop(_ink(picture)) for picture in (whole, before, after))
    assert whole.size == before.size == after.size
    pixels = zip(before.tobytes(), after.tobytes(), strict=True)
    assert sum(abs(a - b) for a, b in pixels) / len(before.tobytes()) < 1


def _ink(picture):
    """The box of what is not white."""
    return ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()


def test_picture_shows_what_lies_beside_the_figure_and_leaves_the_figure_alone(rng_figure):
    title = "A title that is longer than the figure is wide, and goes on beyond its right edge"
    rng_figure.axes[0].set_title(title, loc="left", fontsize=9)
    canvas, engine, dpi = rng_figure.canvas, rng_figure.get_layout_engine(), rng_figure.dpi
    with Image.open(BytesIO(png_of(rng_figure))) as picture:
        assert picture.width > 5 * 200
        colours = picture.convert("RGB")
    assert colours.getpixel((0, 0)) == (255, 255, 255)
    margin = [colours.width - _ink(colours)[2], colours.height - _ink(colours)[3], *_ink(colours)]
    assert margin[:4] == [20, 20, 20, 20]
    assert rng_figure.canvas is canvas
    assert rng_figure.get_layout_engine() is engine
    assert rng_figure.dpi == dpi


def _rendered(figure, tmp_path, width=1000):
    """A figure as Chromium shows it, as the page holds it: in an image."""
    chromium, page = program("chromium", "chromium-browser", "google-chrome"), tmp_path / "p.html"
    svg, source = svg_of(figure), address_of(figure)
    page.write_text(
        f"<meta charset='utf-8'><body style='margin:0'><img width={width} src='{source}'>", "utf-8"
    )
    size = [float(v) for v in re.search(r'viewBox="([^"]+)"', svg)[1].split()]
    high = round(width * size[3] / size[2])
    code, said = run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={width},{high}", f"--screenshot={tmp_path / 'p.png'}", page.as_uri()],
        tmp_path,
    )  # fmt: skip
    assert code == 0, said
    return Image.open(tmp_path / "p.png").convert("RGB")


def test_svg_shows_what_the_png_shows(rng_figure, tmp_path):
    """Same ink, when both are drawn at the same size."""
    rng_figure.axes[0].set_xlabel("规模 50 % 'of' \"firms\" & <more> #1")
    rng_figure.axes[0].set_gid("x\"y's & <z>")
    seen = _rendered(rng_figure, tmp_path)
    png = Image.open(BytesIO(png_of(rng_figure))).convert("RGB")
    seen, png = (picture.crop(_ink(picture)) for picture in (seen, png))
    assert seen.width / seen.height == pytest.approx(png.width / png.height, rel=0.02)
    seen, png = (picture.resize((200, 120)) for picture in (seen, png))
    apart = np.abs(np.asarray(seen, float) - np.asarray(png, float)).mean()
    blank = np.abs(255 - np.asarray(png, float)).mean()
    assert apart < 0.25 * blank


def test_svg_needs_no_font_loads_nothing_and_is_drawn_on_white(rng_figure):
    svg = svg_of(rng_figure)
    root = ElementTree.fromstring(svg)
    names = {element.tag.split("}")[-1] for element in root.iter()}
    assert "path" in names
    assert not names & {"text", "script", "foreignObject"}
    links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
    assert links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    first = next(e for e in root.iter() if e.tag.endswith("}path") and "fill" in e.get("style", ""))
    assert "fill: #ffffff" in first.get("style")


@pytest.mark.parametrize("engine", ["constrained", None])
def test_svg_shows_what_is_written_beside_the_figure_and_leaves_it_alone(rng_figure, engine):
    rng_figure.set_layout_engine(engine)
    before = _wide_of(svg_of(rng_figure))
    title = "A title that is longer than the figure is wide, and goes on far beyond its right edge"
    rng_figure.axes[0].set_title(title, loc="left", fontsize=9)
    canvas, layout, dpi = rng_figure.canvas, rng_figure.get_layout_engine(), rng_figure.dpi
    assert _wide_of(svg_of(rng_figure)) > before + 20
    assert rng_figure.canvas is canvas
    assert rng_figure.get_layout_engine() is layout
    assert rng_figure.dpi == dpi


@pytest.mark.parametrize("size", [7, 8.5, 10, 11.5])
@pytest.mark.parametrize("title", [("green " * 60)[:130], "Effekt auf Patente je Einheit " * 4])
def test_no_letter_of_a_long_title_is_cut(size, title):
    """Letters are measured as they are drawn: what is drawn ends before the margin begins."""
    figure = Figure(layout="constrained", figsize=(6, 1.2))
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=size)
    root = ElementTree.fromstring(svg_of(figure))
    words = next(e for e in root.iter() if e.get("id", "").startswith("text_")
                 and len(list(e.iter())) > 60)  # fmt: skip
    place = next(e.get("transform") for e in words.iter() if "translate" in e.get("transform", ""))
    start = float(re.search(r"translate\(([\d.]+)", place)[1])
    scale = float(re.search(r"scale\(([\d.]+)", place)[1])
    letters = [e.get("transform", "") for e in words.iter() if e.tag.endswith("}use")]
    last = float(re.search(r"translate\(([\d.]+)", letters[-1])[1])
    wide = _wide_of(svg_of(figure))
    assert start + scale * last < wide - 7.2
    assert start + scale * (last + 100) > wide - 15


def test_svg_shows_what_is_added_to_the_figure_itself():
    figure = Figure(layout="constrained", figsize=(3, 2))
    figure.subplots()
    before = _wide_of(svg_of(figure))
    figure.add_artist(Circle((1, 0.5), 0.2, transform=figure.transFigure))
    assert _wide_of(svg_of(figure)) == pytest.approx(before + 0.2 * 3 * 72, abs=2)


def test_svg_shows_ticks_for_which_there_was_no_room():
    figure = Figure(layout="constrained", figsize=(3, 1))
    axes = figure.subplots()
    axes.set_xticks([1, 2], ["very long tick label " * 4] * 2, rotation=80)
    high = float(re.search(r'viewBox="([^"]+)"', svg_of(figure))[1].split()[3])
    assert high > 72 * 1.5


def test_nothing_far_away_makes_a_picture_huge():
    figure = Figure(layout="constrained", figsize=(3, 2))
    figure.subplots().text(0.5, 40.0, "far above")
    size = [float(v) for v in re.search(r'viewBox="([^"]+)"', svg_of(figure))[1].split()[2:]]
    assert size[1] <= 72 * 4.2


def test_clouds_of_very_many_points_are_a_png():
    figure = Figure(layout="constrained", figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([0, 1])
    assert address_of(figure).startswith("data:image/svg+xml")
    x = np.random.default_rng(0).normal(size=(2, 30_000))
    axes.scatter(*x, s=1)
    assert address_of(figure).startswith("data:image/png;base64,")


def _wide_of(svg):
    return float(re.search(r'viewBox="([^"]+)"', svg)[1].split()[2])


@pytest.mark.parametrize("place", ["outside upper right", "outside lower center", "upper left"])
def test_legends_of_a_figure_stay_at_its_edges(place):
    """As in matplotlib's own picture of the whole figure."""
    figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
    axes.plot([0, 1], label="a line")
    legend = figure.legend(loc=place)
    mine = Image.fromarray(_cropped(_drawn(figure, 100), 0))
    plain = BytesIO()
    figure.savefig(plain, format="png", dpi=100, facecolor="white")
    whole = Image.open(plain).convert("RGB")
    whole = whole.crop(_ink(whole))
    assert mine.size == whole.size
    assert np.abs(np.asarray(mine, float) - np.asarray(whole, float)).mean() < 1
    assert legend.get_bbox_to_anchor() is figure.bbox
    plt.close(figure)


def test_a_wide_picture_has_as_many_pixels_as_a_page_can_show():
    figure, axes = plt.subplots(figsize=(18, 3), layout="constrained")
    axes.plot([0, 1])
    with Image.open(BytesIO(png_of(figure))) as picture:
        assert 1700 < picture.width <= 1840
    plt.close(figure)


@pytest.fixture
def rng_figure():
    figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
    x = [i / 50 for i in range(200)]
    axes.fill_between(x, [v - 1 for v in x], [v + 1 for v in x], alpha=0.3)
    axes.plot(x, x)
    axes.scatter(x, [v * v / 4 for v in x], c=x, cmap="cividis", s=4)
    axes.set_title("Effect along size")
    yield figure
    plt.close(figure)


def test_panels_of_a_wide_table_fit_and_hold_every_column_once(written):
    _, page = written
    tables = [as_cells(s.table, page.lang) for s in page.sections if s.table is not None]
    cut = [(cells, panels(cells)) for cells in tables]
    assert any(len(parts) > 1 for _, parts in cut)
    for cells, parts in cut:
        assert all(sum(widths(part)) <= ROOM + 1e-9 for part in parts)
        if len(parts) > 1:
            names = [h for h in parts[0].heads if all(h in part.heads for part in parts)]
            told = [*names, *(h for part in parts for h in part.heads if h not in names)]
            assert told == list(cells.heads)


def test_two_columns_of_long_words_stay_one_table():
    cells = as_cells(pd.DataFrame({"a": ["x" * 300], "b" * 70: ["y" * 300]}))
    assert panels(cells, 60) == (cells,)


def test_a_hash_may_be_broken_in_latex(written):
    text = (written[0] / "r.tex").read_text("utf-8")
    assert HASH not in text
    assert HASH in text.replace(r"\allowbreak{}", "")


def _compiled(folder, command):
    code, said = run([command, "-interaction=nonstopmode", "-halt-on-error", "r.tex"], folder)
    assert code == 0, said[-3000:]
    log = (folder / "r.log").read_text("utf-8", errors="replace")
    assert "Missing character" not in log
    too_wide = [float(n) for n in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt too wide", log)]
    assert [n for n in too_wide if n > 6] == []
    return folder / "r.pdf"


def test_latex_compiles_and_nothing_is_clipped(written):
    folder, page = written
    command = program({"en": "pdflatex", "zh": "xelatex"}[page.lang])
    if page.lang == "zh" and run([program("kpsewhich"), "xeCJK.sty"], folder)[0]:
        pytest.skip("xeCJK is not installed")
    assert _compiled(folder, command).stat().st_size > 20_000


def test_chinese_with_pdflatex_says_what_to_use(tmp_path, written):
    _, page = written
    if page.lang == "en":
        pytest.skip("the English page")
    write_report(tmp_path / "r.tex", page)
    code, said = run([program("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", "r.tex"],
                     tmp_path)  # fmt: skip
    assert code != 0
    assert "compile it with xelatex" in said


@pytest.mark.slow
def test_word_opens_in_an_office_and_shows_the_numbers(written, html):
    folder, _ = written
    office, reader = program("soffice", "libreoffice"), program("pdftotext")
    settings = f"-env:UserInstallation=file://{folder / 'settings'}"
    convert = [office, "--headless", settings, "--convert-to", "pdf:writer_pdf_Export", "r.docx"]
    code, said = run(convert, folder, 300)
    assert code == 0, said
    _, text = run([reader, "-layout", "r.pdf", "-"], folder)
    shown = set(re.findall(r"[\d,]*\d\.\d+", text))
    wanted = {n for grid in html.grids() for row in grid for _, cell in row
              if len(cell) < 25 for n in re.findall(r"[\d,]*\d\.\d+", cell)}  # fmt: skip
    assert len(wanted) > 40
    assert wanted - shown == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chromium_shows_it_without_overflow_error_or_request(tmp_path, written, scheme):
    import json

    folder, _ = written
    browser = program("chromium", "chromium-browser", "google-chrome")
    text = json.dumps((folder / "r.html").read_text("utf-8")).replace("</", "<\\/")
    (tmp_path / "look.html").write_text(FRAMES.replace("PAGE", text), "utf-8")
    dark = {"dark": 0, "light": 1}[scheme]
    code, said = run(
        [browser, "--headless=new", "--hide-scrollbars", "--no-sandbox", "--disable-gpu",
         "--window-size=1400,1000",
         f"--user-data-dir={tmp_path / 'profile'}", "--disable-background-networking",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
         f"--blink-settings=preferredColorScheme={dark}", "--virtual-time-budget=20000",
         "--dump-dom", (tmp_path / "look.html").as_uri()],
        tmp_path,
    )  # fmt: skip
    assert code == 0, said[-2000:]
    assert "CONSOLE" not in said
    seen = [line.split("|") for line in re.findall(r"SEEN\|.*?(?=\n|<)", said)]
    ground = {"light": "rgb(253, 253, 251)", "dark": "rgb(20, 25, 23)"}[scheme]
    assert [row[1] for row in seen] == ["1280", "390"]
    for _, width, client, scroll, wide, loads, colour in seen:
        assert width == client == scroll
        assert (wide, loads) == ("0", "0")
        assert colour == ground


def test_marks_of_html_are_escaped_where_english_is_marked(tmp_path):
    from causalgreen.report import Page, Section

    said = "The share is <b>below</b> 5 % & falls"
    frame = pd.DataFrame({"reason": [said]})
    path = write_report(
        tmp_path / "r.html", Page("题", "引", (Section("节", said, frame),), lang="zh")
    )
    text = path.read_text("utf-8")
    assert text.count(f'<span lang="en">{escape(said, quote=False)}</span>') == 2
