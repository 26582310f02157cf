"""the priorities choose among these four alone"""


def my_choice(preferences, scores):
    if preferences is None:
        return next(iter(scores))
    left = list(scores)
    for hint in preferences.hints or []:
        fits = [name for name in scores if hint.name.lower() in name.lower()]
        if fits:
            left = fits if len(fits) == 1 else left
            break
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)

    def points(name):
        return sum((priority or 0) * score for priority, score in zip(wanted, scores[name], strict=True))

    return max(left, key=points)
