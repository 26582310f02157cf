"""How far a student is, in words: in a lesson, at its end, in the whole course, and in a file to hand in."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from labkit.course import progress
from labkit.course.entries import entries, exercises
from labkit.course.progress import FILE, Done
from labkit.course.table import Lesson, lessons

EXPORTED = "my_progress.json"


def lesson_at(number: str) -> Lesson:
    """The lesson of a number.

    Raises:
        LookupError: There is no such lesson.
    """
    found = next((lesson for lesson in lessons() if lesson.number == number), None)
    if found is None:
        raise LookupError(f"There is no lesson {number}; there are {', '.join(each.number for each in lessons())}.")
    return found


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {'tries' if word == 'try' else f'{word}s'}"


def words(lesson: str, done: Done) -> list[str]:
    """What was done of a lesson, in parts: exercises, tries, hints, predictions, minutes."""
    all_of, asked = exercises(lesson), entries("predict", lesson)
    told: list[str] = []
    if all_of:
        still = [number for number in all_of if number not in done.passed]
        which = f" (open: {', '.join(still)})" if still and len(still) < len(all_of) else ""
        told.append(f"{len(all_of) - len(still)} of {counted(len(all_of), 'exercise')} passed{which}")
    if tries := sum(done.tries.values()):
        told.append(counted(tries, "try"))
    if hints := sum(map(len, done.hints.values())):
        told.append(counted(hints, "hint"))
    if asked:
        entered = len(asked.keys() & done.predicted)
        right = sum(done.outcomes[number][0] for number in asked.keys() & done.outcomes)
        told.append(f"{entered} of {counted(len(asked), 'prediction')} entered" + f", {right} right" * bool(entered))
    if done.minutes:
        told.append(f"about {counted(done.minutes, 'minute')} at work")
    return told


def state(lesson: str, done: dict[str, Done]) -> str:
    """How far a lesson is, in two words."""
    if lesson not in done:
        return "not begun"
    all_of = exercises(lesson)
    passed = len(done[lesson].passed.intersection(all_of))
    if passed == len(all_of):
        return "done" if all_of else "opened"
    return f"{passed} of {len(all_of)} passed"


def going_on(done: dict[str, Done]) -> tuple[str, Lesson]:
    """Where to go on, and what to call that: the lesson of the last event, or the one after it when that is done."""
    events = progress.journal().events()
    numbers = [lesson.number for lesson in lessons()]
    last = next((event.lesson for event in reversed(events) if event.lesson in numbers), "")
    if not last:
        return "Begin with", lessons()[0]
    if state(last, done) in ("done", "opened") and last != numbers[-1]:
        return "Next", lessons()[numbers.index(last) + 1]
    return "Go on where you were", lesson_at(last)


def export_progress(path: str | Path = EXPORTED) -> None:
    """Write your progress as one JSON file, and print what it says. Nothing is sent anywhere.

        export_progress()

    Args:
        path: The file. Where it cannot be written, its text is printed instead.
    """
    print(exported(path))


def exported(path: str | Path = EXPORTED) -> str:
    """Write the progress as one JSON file. Returns what it says, and its text where it cannot be written."""
    done = progress.journal().done()
    events = progress.journal().events()
    kept = {
        "form": progress.FORM,
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        "lessons": {number: {**asdict(each), "passed": sorted(each.passed)} for number, each in sorted(done.items())},
        "events": [json.loads(event.line()) for event in events],
    }
    text = json.dumps(kept, indent=1)
    told = [" · ".join([number, *words(number, each)]) for number, each in sorted(done.items())]
    try:
        Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        told.append(f"{path} could not be written ({error.strerror or error}), so here is what it would hold:\n{text}")
    else:
        told.append(f"{counted(len(events), 'event')} written to {path}. It holds no code of yours.")
    return "\n".join(told)


def delete_progress(*, sure: bool = False) -> None:
    """Delete your progress, when you say that you are sure.

    delete_progress()            # says what would be deleted
    delete_progress(sure=True)   # deletes it: there is no way back
    """
    print(deleted() if sure else f"{held()}. delete_progress(sure=True) deletes them: there is no way back.")


def held() -> str:
    """How many events are kept, and where."""
    path = progress.journal().path
    return f"{counted(len(progress.journal().events()), 'event')} in {path.name if path else 'memory'}"


def deleted() -> str:
    """Delete the progress. Returns what came of it."""
    told = held().replace(" in ", " deleted from ")
    try:
        progress.journal().delete()
    except OSError as error:
        return f"{FILE} could not be deleted ({error.strerror or error})."
    progress.tell()
    return f"{told}."
