"""A prompt's wording belongs to its version: what was recorded and exported under a name can be looked up."""

import hashlib
import re

import pytest

from kimono.providers import Message, Prompt
from tests.guards.sources import CHECKOUT

# Never change a line here: another wording is a new file with the next version.
WORDINGS = {
    "conversations/prompts/query_rewrite_v1.md": "d5dfd3f9a4267efc",
    "conversations/prompts/recognize_intent_v1.md": "79f086a066234cef",
    "knowledge/prompts/answer_grounded_v1.md": "8c91cfee3fa9e750",
    "knowledge/prompts/describe_image_v1.md": "fa0b9e438032f610",
    "knowledge/prompts/judge_answerable_v1.md": "545a02f97707023a",
}


def test_each_version_has_the_wording_it_was_released_with() -> None:
    found = {
        str(path.relative_to(CHECKOUT)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in CHECKOUT.glob("*/prompts/*")
    }
    assert found == WORDINGS
    assert all(re.search(r"/[a-z_]+_v[1-9]\d*\.md$", name) for name in found)


@pytest.mark.parametrize(("name", "version"), [("", "v1"), ("answer", "")])
def test_no_prompt_is_without_a_name_and_a_version(name: str, version: str) -> None:
    with pytest.raises(ValueError, match="name and a version"):
        Prompt(name, version, (Message("user", "x"),))
