"""`lesson("02")`: a bar at the head of a lesson that says how far one is; `course_map()`: the same for all lessons.

Both are HTML without a script, told anew when something was done: a page may be read without its kernel.
"""

from html import escape
from typing import Any
from uuid import uuid4

from labkit.course import progress, summary
from labkit.course.entries import exercises
from labkit.course.table import lessons
from labkit.front_end import makes_widgets_unseen, publish

MOST = 3
"""Places of a bar that are kept up to date: of a cell that was run again the kernel hears nothing."""

BOX = (
    "display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: center; padding: 7px 16px; border-radius: 6px; "
    "border: 1px solid var(--jp-border-color1, #bdbdbd); font: 13px/1.5 var(--jp-ui-font-family, sans-serif); "
    "color: var(--jp-ui-font-color0, inherit)"
)

_bars: dict[str, "Bar"] = {}


def lesson(number: str) -> "Bar":
    """The bar of a lesson: what is done of it, tries, hints, how many predictions came true, minutes.

        lesson("02")
        print(lesson("02"))   # the same in text

    Minutes are those between two steps that are at most five minutes apart: longer reading is not in them.

    Raises:
        LookupError: There is no such lesson.
    """
    if number not in _bars:
        _bars[number] = Bar(number)
    progress.note("lesson", status="opened", lesson=number)
    return _bars[number]


class Bar:
    """What `lesson` returns."""

    def __init__(self, number: str) -> None:
        self.lesson = summary.lesson_at(number)
        self._places: dict[str, str] = {}

    def __str__(self) -> str:
        return "\n  ".join([f"{self.lesson.number} · {self.lesson.title}", *self._parts()])

    __repr__ = __str__

    def _parts(self) -> list[str]:
        trouble = progress.journal().trouble
        return summary.words(self.lesson.number, progress.done(self.lesson.number)) + ([trouble] if trouble else [])

    def _repr_html_(self) -> str:
        number, done = self.lesson.number, progress.done(self.lesson.number)
        all_of = exercises(number)
        meter = (
            f'<progress value="{len(done.passed.intersection(all_of))}" max="{len(all_of)}" '
            'aria-label="Exercises passed" style="width: 110px"></progress>'
        )
        parts = [f"<b>{escape(f'{number} · {self.lesson.title}')}</b>", meter if all_of else ""]
        parts += [f"<span>{escape(each)}</span>" for each in self._parts()]
        return f'<div role="group" aria-label="Your progress in lesson {number}" style="{BOX}">{"".join(parts)}</div>'

    def _bundle(self) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def _ipython_display_(self) -> None:
        if not makes_widgets_unseen():
            raise NotImplementedError
        place = uuid4().hex
        self._places[place] = self._repr_html_()
        if len(self._places) > MOST:
            del self._places[next(iter(self._places))]
        publish(self._bundle(), display_id=place, update=False)

    def tell(self) -> None:
        """Show on every page what is known now."""
        html = self._repr_html_()
        for place, former in list(self._places.items()):
            if html != former:
                self._places[place] = html
                publish(self._bundle(), display_id=place, update=True)


def _tell() -> None:
    for bar in _bars.values():
        bar.tell()


progress.listen(_tell)


def course_map() -> "CourseMap":
    """All lessons with how far you are in each, and a link to where you were. `print(course_map())` is text."""
    return CourseMap()


class CourseMap:
    """What `course_map` returns; it is made when it is shown."""

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        done = progress.journal().done()
        return [
            (
                f"{each.number} · {each.title}",
                each.notebook,
                each.after,
                each.time.replace("utes", ""),
                summary.state(each.number, done),
            )
            for each in lessons()
        ]

    def __str__(self) -> str:
        word, target = summary.going_on(progress.journal().done())
        lines = [f"{title:28}  {time:>14}  {state}" for title, _, _, time, state in self._rows()]
        return "\n".join([*lines, f"{word}: {target.number} · {target.title} ({target.notebook})"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        word, target = summary.going_on(progress.journal().done())
        cells = "".join(
            f'<tr><th scope="row" {LEFT}><a href="{escape(notebook)}">{escape(title)}</a></th>'
            f"<td {LEFT}>{escape(after)}</td><td {SHORT}>{escape(time)}</td><td {SHORT}>{escape(state)}</td></tr>"
            for title, notebook, after, time, state in self._rows()
        )
        head = "".join(f'<th scope="col" {LEFT}>{name}</th>' for name in HEADS)
        go = f'{word}: <a href="{escape(target.notebook)}">{escape(f"{target.number} · {target.title}")}</a>'
        return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table><p><b>{go}</b></p>"


HEADS = ("lesson", "after it you can", "time", "you")
LEFT, SHORT = 'style="text-align: left"', 'style="text-align: left; white-space: nowrap"'
