"""now defend it"""


def my_dials(job):
    return {"label": (0.0, 8, ""), "explain": (0.2, 100, ""), "names": (1.2, 100, "")}[job]
