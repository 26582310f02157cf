"""Exercise 5.1: the model that a server's preferences ask for."""


def _fitting(preferences, scores, fits=lambda hint, name: hint.lower() in name.lower()):
    """The models among which the first hint that fits any leaves the choice; all, where none fits."""
    for hint in preferences.hints or []:
        if found := [name for name in scores if fits(hint.name, name)]:
            return found
    return list(scores)


def _points(preferences, scores):
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)
    return lambda name: sum((priority or 0) * score for priority, score in zip(wanted, scores[name], strict=True))


def _best(left, preferences, scores):
    return max(left, key=_points(preferences, scores))


def a_list(preferences, scores):
    """Returns all in order, where one is wanted.

    Return one of the names
    """
    if preferences is None:
        return next(iter(scores))
    return sorted(_fitting(preferences, scores), key=_points(preferences, scores), reverse=True)


async def async_def(preferences, scores):
    """Writes `async` where nothing waits.

    `async def`, and nobody awaits it here
    """
    return next(iter(scores))


def case_matters(preferences, scores):
    """Compares with the one case in which a name is written.

    Case does not matter
    """
    if preferences is None:
        return next(iter(scores))
    return _best(_fitting(preferences, scores, lambda hint, name: hint in name), preferences, scores)


def cost_is_what_may_be_spent(preferences, scores):
    """Takes a high cost priority for leave to spend.

    A high cost priority asks for a cheap model
    """
    if preferences is None:
        return next(iter(scores))
    points = _points(preferences, scores)
    return max(
        _fitting(preferences, scores),
        key=lambda name: points(name) - 2 * (preferences.cost_priority or 0) * scores[name][0],
    )


def first_hint_only(preferences, scores):
    """Looks at one hint and at no other.

    A hint that is part of no name is passed over
    """
    if preferences is None:
        return next(iter(scores))
    first = preferences.model_copy(update={"hints": (preferences.hints or [])[:1]})
    return _best(_fitting(first, scores), preferences, scores)


def last_hint_wins(preferences, scores):
    """Lets each hint overrule the one before.

    the first that fits decides
    """
    if preferences is None:
        return next(iter(scores))
    turned = preferences.model_copy(update={"hints": (preferences.hints or [])[::-1]})
    return _best(_fitting(turned, scores), preferences, scores)


def last_of_equals(preferences, scores):
    """Takes the last of equal ones.

    Of equal ones the first wins
    """
    if preferences is None:
        return next(iter(scores))
    return sorted(_fitting(preferences, scores), key=_points(preferences, scores))[-1]


def no_hints_field(preferences, scores):
    """Takes the hints for granted.

    'NoneType' object is not iterable
    """
    if preferences is None:
        return next(iter(scores))
    for hint in preferences.hints:
        if left := [name for name in scores if hint.name.lower() in name.lower()]:
            return _best(left, preferences, scores)
    return _best(scores, preferences, scores)


def no_preferences(preferences, scores):
    """Takes the preferences for granted.

    'NoneType' object has no attribute 'hints'
    """
    return _best(_fitting(preferences, scores), preferences, scores)


def none_is_no_number(preferences, scores):
    """Multiplies by a priority that nobody gave.

    unsupported operand type(s) for *: 'NoneType' and 'float'
    """
    if preferences is None:
        return next(iter(scores))
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)
    return max(
        _fitting(preferences, scores),
        key=lambda name: sum(priority * score for priority, score in zip(wanted, scores[name], strict=True)),
    )


def priorities_among_all(preferences, scores):
    """Lets the priorities choose among all, where a hint has left several.

    and the priorities choose among these four alone
    """
    if preferences is None:
        return next(iter(scores))
    left = _fitting(preferences, scores)
    return _best(left if len(left) == 1 else list(scores), preferences, scores)


def unknown_hint_leaves_nobody(preferences, scores):
    """Lets a hint that fits no model strike them all.

    Your function raised ValueError: max()
    """
    if preferences is None:
        return next(iter(scores))
    left = list(scores)
    for hint in (preferences.hints or [])[:1]:
        left = [name for name in scores if hint.name.lower() in name.lower()]
    return _best(left, preferences, scores)


def whole_words(preferences, scores):
    """Takes the words of a name apart, and a hint may reach over two.

    not whole words alone
    """
    if preferences is None:
        return next(iter(scores))
    words = _fitting(preferences, scores, lambda hint, name: hint.lower() in name.lower().split("-"))
    return _best(words, preferences, scores)


def whole_names(preferences, scores):
    """Wants a hint to be a whole name.

    A hint is a part of a name.
    """
    if preferences is None:
        return next(iter(scores))
    whole = _fitting(preferences, scores, lambda hint, name: hint.lower() == name.lower())
    return _best(whole, preferences, scores)


def a_name_in_a_hint(preferences, scores):
    """Looks for the names in the hint too.

    This hint is part of no name, though a name is part of it
    """
    if preferences is None:
        return next(iter(scores))
    left = _fitting(preferences, scores, lambda hint, name: hint.lower() in name.lower() or name in hint)
    return _best(left, preferences, scores)


def all_hints_at_once(preferences, scores):
    """Leaves every model to which any of the hints fits.

    and claude-fable is right. Hints stand in order
    """
    if preferences is None:
        return next(iter(scores))
    hints = [hint.name.lower() for hint in preferences.hints or []]
    left = [name for name in scores if any(hint in name.lower() for hint in hints)]
    return _best(left or scores, preferences, scores)


def alphabetical(preferences, scores):
    """Takes the first by letters of equal ones.

    you chose alpha of zeta, alpha, and zeta is right
    """
    if preferences is None:
        return next(iter(scores))
    return _best(sorted(_fitting(preferences, scores)), preferences, scores)


def cost_and_speed_swapped(preferences, scores):
    """Weighs the speed with the priority of the cost.

    For cost 1 you chose claude-sonnet
    """
    if preferences is None:
        return next(iter(scores))
    swapped = preferences.model_copy(
        update={"cost_priority": preferences.speed_priority, "speed_priority": preferences.cost_priority}
    )
    return _best(_fitting(preferences, scores), swapped, scores)


def each_hint_narrows(preferences, scores):
    """Goes on to the next hint among those that the first has left.

    the second is not looked at any more
    """
    if preferences is None:
        return next(iter(scores))
    left = list(scores)
    for hint in preferences.hints or []:
        left = [name for name in left if hint.name.lower() in name.lower()] or left
    return _best(left, preferences, scores)


def only_the_hint_in_lower_case(preferences, scores):
    """Lowers the case of the hint and leaves the name as it is.

    For hints 'own' you chose claude-sonnet
    """
    if preferences is None:
        return next(iter(scores))
    return _best(_fitting(preferences, scores, lambda hint, name: hint.lower() in name), preferences, scores)


def scores_spread(preferences, scores):
    """Spreads the scores over 0 to 1, as the kit does.

    Add up priority × score as it is
    """
    if preferences is None:
        return next(iter(scores))
    left = _fitting(preferences, scores)
    axes = [(min(axis), max(axis)) for axis in zip(*(scores[name] for name in left), strict=True)]
    spread = {
        name: [(score - least) / (most - least or 1) for score, (least, most) in zip(scores[name], axes, strict=True)]
        for name in left
    }
    return _best(left, preferences, spread)


def strikes_from_the_dictionary(preferences, scores):
    """Takes out of the caller's dictionary what no hint fits.

    you changed what you were given
    """
    if preferences is None:
        return next(iter(scores))
    left = _fitting(preferences, scores)
    for name in [name for name in scores if name not in left]:
        del scores[name]
    return _best(scores, preferences, scores)


def the_first_of_all(preferences, scores):
    """Takes the first of all where no priority decides, and forgets the hint.

    no priority decides: the first of these two
    """
    if preferences is None:
        return next(iter(scores))
    left = _fitting(preferences, scores)
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)
    return _best(left if any(wanted) or len(left) == 1 else scores, preferences, scores)


def the_greatest_priority_decides(preferences, scores):
    """Looks at the greatest of the priorities alone.

    the greatest priority alone does not decide
    """
    if preferences is None:
        return next(iter(scores))
    wanted = [preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority]
    axis = max(range(3), key=lambda number: wanted[number] or 0)
    return max(_fitting(preferences, scores), key=lambda name: scores[name][axis])


def weighted_by_nothing(preferences, scores):
    """Divides by the sum of the priorities, which may be 0.

    Your function raised ZeroDivisionError
    """
    if preferences is None:
        return next(iter(scores))
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)
    total = sum(priority or 0 for priority in wanted)
    points = _points(preferences, scores)
    return max(_fitting(preferences, scores), key=lambda name: points(name) / total)
