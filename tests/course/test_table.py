"""One table tells of the lessons; what README, lesson 00 and each lesson say of them is the same."""

import re
from itertools import pairwise

import pytest

from labkit.course.table import Lesson, lessons
from tests.story import ROOT

LONG = 45
"""Minutes after which a lesson has a place to stop."""
README = (ROOT / "README.md").read_text(encoding="utf-8")
every = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.number)


def text_of(lesson: Lesson) -> str:
    """The text cells of a lesson as Markdown, one below the other."""
    source = (ROOT / "lessons" / lesson.notebook).with_suffix(".py").read_text(encoding="utf-8")
    cells = re.split(r"^# %%(.*)\n", source, flags=re.MULTILINE)[1:]
    words = [text for kind, text in zip(cells[::2], cells[1::2], strict=True) if kind.startswith(" [markdown]")]
    return re.sub(r"^# ?", "", "".join(words), flags=re.MULTILINE)


def test_every_lesson_is_in_the_table_in_its_order() -> None:
    files = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9]*.py"))
    assert [f"{lesson.number}_{lesson.slug}" for lesson in lessons()] == files


def test_the_readme_has_the_table() -> None:
    rows = [
        f"| [{lesson.number} {lesson.title.lower()}](notebooks/executed/{lesson.notebook}) | {lesson.after} "
        f"| {lesson.time.replace('utes', '')} |"
        for lesson in lessons()
    ]
    assert re.findall(r"^\| \[\d\d .*$", README, re.MULTILINE) == rows


def code_of(lesson: Lesson) -> str:
    return (ROOT / "lessons" / lesson.notebook).with_suffix(".py").read_text(encoding="utf-8")


def test_lesson_00_has_the_map() -> None:
    assert "\ncourse_map()\n" in code_of(lessons()[0])


@every
def test_a_lesson_says_its_title_its_server_and_its_time(lesson: Lesson) -> None:
    text = text_of(lesson)
    assert text.splitlines()[0] == f"# {lesson.number} · {lesson.title}"
    places = ("", "a place", "two places", "three places")[len(lesson.stop)]
    stop = f", with {places} to stop" if places else ""
    assert f"\n| **Time** | {lesson.time} (an estimate){stop} |\n" in text
    assert (ROOT / "servers" / f"{lesson.server}.py").exists()
    code = code_of(lesson)
    assert re.search(rf"^from servers(?: import .*\b|\.){lesson.server}\b", code, re.MULTILINE)
    assert f'\nprint("ready")\nlesson("{lesson.number}")\n' in code
    before_the_recap = code.rpartition("\n# ## Recap\n")[0]
    shown_again = "course_map()" if lesson is lessons()[0] else f'lesson("{lesson.number}")'
    assert shown_again in before_the_recap.splitlines()[-8:]


@every
def test_a_long_lesson_has_a_place_to_stop_between_two_steps(lesson: Lesson) -> None:
    assert bool(lesson.stop) == (lesson.minutes[1] > LONG)
    mark = r"^\*\*A good place to stop:\*\*.*?^## (.+?)(?: [●○]{3} .*)?$"
    headings_below = re.findall(mark, text_of(lesson), re.MULTILINE | re.DOTALL)
    assert tuple(headings_below) == lesson.stop


@pytest.mark.parametrize(("lesson", "following"), [*pairwise(lessons())], ids=lambda lesson: lesson.number)
def test_a_lesson_ends_with_the_next(lesson: Lesson, following: Lesson) -> None:
    assert text_of(lesson).splitlines()[-1] == f"**Next:** {following.link}"


def test_the_last_lesson_ends_with_the_playground_and_a_server_of_ones_own() -> None:
    last = text_of(lessons()[-1]).rpartition("**Next:**")[2]
    assert "[the playground](playground.ipynb)" in last
    assert "`Playground(my_server)`" in last
