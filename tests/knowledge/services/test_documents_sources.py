import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.services.documents.sources import cleaned


@pytest.mark.parametrize(
    ("sent", "known_as"),
    [
        ("return_policy.md", "return_policy.md"),
        ("a/x.md", "a/x.md"),
        ("b\\x.md", "b/x.md"),
        ("../../etc/x", "etc/x"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\a.txt", "Users/me/a.txt"),
        ("C:secret.txt", "secret.txt"),
        ("/C:/../D:/a.txt", "a.txt"),
        ("a/../../b.md", "a/b.md"),
        ("....//x.md", "....//x.md"),
        ("规则/退货 政策.md", "规则/退货 政策.md"),
        ("evil\u202egpj.md", "evilgpj.md"),
        ("line\nbreak\x00.md", "line break.md"),
        ("https://example.com/a", "https://example.com/a"),
        ("e\u0301.md", "\u00e9.md"),
        ("..", ""),
        ("///", ""),
        (" ", ""),
    ],
)
def test_a_sent_name_is_made_harmless(sent: str, known_as: str) -> None:
    assert cleaned(sent) == known_as


@given(st.text(alphabet=st.sampled_from(list("ab.:/\\C \u202e\n")), max_size=30))
def test_what_is_left_never_leads_anywhere(sent: str) -> None:
    name = cleaned(sent)
    assert not name.startswith("/")
    assert "\\" not in name
    assert ".." not in name.split("/")
    assert cleaned(name) == name
