"""What exported files make of an answer's text: the chat page's Markdown, formulas, and rows of tables."""

import pytest

from conversations.services.exports import collecting, formulas, markup, media
from conversations.services.exports.pages import body_of
from conversations.services.exports.shapes import Entry
from tests.conversations.exported import TABLE, citation


def html(text: str) -> str:
    return str(body_of(Entry(heading="", side="bot", at="", content=text, marked_up=True)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**注意：**请保留", "<p><strong>注意：</strong>请保留</p>"),
        ("a **b *c* d** e", "<p>a <strong>b <em>c</em> d</strong> e</p>"),
        ("2 ** 3 ** 4", "<p>2 ** 3 ** 4</p>"),
        ("一\n二", "<p>一<br>二</p>"),
        ("<b>x</b> &lt; & [1]", "<p>&lt;b&gt;x&lt;/b&gt; &amp;lt; &amp; [1]</p>"),
        ("[1]\n\n[1]: http://a.example", "<p>[1]</p><p>[1]: http://a.example</p>"),
        ("![图](http://a.example/x.png)", "<p>图</p>"),
        ("[点](javascript:alert(1))", "<p>[点](javascript:alert(1))</p>"),
        ("[点](/relative)", "<p>点</p>"),
        ('[点](http://a.example/"onclick=x)', None),
        ("价格 $5-$6，US$100/HK$800", "<p>价格 $5-$6，US$100/HK$800</p>"),
        (
            "| 甲 | 乙 |\n| --- | ---: |\n| a | 1 |",
            '<table><thead><tr><th>甲</th><th class="right">乙</th></tr></thead>'
            '<tbody><tr><td>a</td><td class="right">1</td></tr></tbody></table>',
        ),
        ("# 标题", '<p class="heading">标题</p>'),
        ("零\u200b宽", "<p>零宽</p>"),
    ],
)
def test_text_becomes_html_that_is_escaped(text: str, shown: str | None) -> None:
    if shown is not None:
        assert html(text) == shown
    assert "<script" not in html(text)
    assert '"onclick' not in html(text)


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"E=mc^2", "E = mc²"),
        (r"\frac{a+b}{2}", "(a + b)/2"),
        (r"\sqrt{b^2-4ac}", "√(b² − 4ac)"),
        (r"x_{ij} \le \alpha", "x_(ij) ≤ α"),
        (r"\text{利润} = 100\%", "利润 = 100%"),
        (r"\frac{", r"\frac{"),
        ("x" * 2000, "x" * 2000),
        ("{" * 300 + "x" + "}" * 300, "{" * 300 + "x" + "}" * 300),
    ],
)
def test_a_formula_is_one_line_of_unicode(latex: str, line: str) -> None:
    assert formulas.plain(latex) == line


def test_every_formula_has_three_forms() -> None:
    for latex in (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\sum_{i=1}^{n} x_i", r"\int_0^1 f(x)\,dx", r"\overline{AB}",
        r"\left( \frac{a}{b} \right)^2", r"\lim_{n \to \infty} a_n", r"\vec{v} \cdot \hat{y}", r"a \cdot \boxed{b}",
        r"\begin{cases} x & y \\ z & w \end{cases}", r"\underbrace{a+b}_{c}", r"\binom{n}{k}", r"x'",
    ):  # fmt: skip
        assert formulas.read(latex) is not None, latex
        assert formulas.plain(latex)
        assert "formula-display" in formulas.html(latex, display=True)
        assert "<script>" not in formulas.html(latex + r"\text{<script>}", display=False)
        assert formulas.omml(latex) is not None


@pytest.mark.parametrize(
    "text", ["面积 \\(r^2\\) 米", "面积 $r^2$ 米", "$$r^2$$", "$$\nr^2\n= s\n- t\n$$", "\\[ r^2 \\]"]
)
def test_formulas_are_found_however_they_are_marked(text: str) -> None:
    found = [node for node in markup.parse(text).walk() if node.type == "math"]
    assert len(found) == 1
    assert found[0].content.startswith("r^2")
    assert (found[0].info == markup.DISPLAY) == text.startswith(("$$", "\\["))


def test_a_table_is_taken_out_of_a_quote() -> None:
    rest, tables = markup.tables_of(TABLE)
    assert rest == "表 2 清洗价目"
    assert tables[0].startswith("| 款式 | 费用 |")
    assert media.numbers_of(citation(quote=TABLE), []) == ("表 2",)
    assert media.numbers_of(citation(), [{"n": 1, "figure": "图 3"}, {"n": 2, "figure": "图 4"}]) == ("图 3",)


def test_rows_without_a_head_stay_in_the_quote() -> None:
    assert media.of_message([citation(quote="| 小纹 | 120 元 |")], []) == ()
    assert collecting._reference(citation(quote="| 小纹 | 120 元 |"), []).quote == "小纹 | 120 元"
