"""'NoneType' object has no attribute 'hints'"""


def my_choice(preferences, scores):
    best = None
    left = list(scores)
    for hint in preferences.hints or []:
        fits = [name for name in scores if hint.name.lower() in name.lower()]
        if fits:
            left = fits
            break
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)

    def points(name):
        return sum((priority or 0) * score for priority, score in zip(wanted, scores[name], strict=True))

    best = max(left, key=points)
    return best
