"""For 'names' you chose temperature 0.2"""


def my_dials(job):
    return {"label": (0.0, 8), "explain": (0.2, 100), "names": (0.2, 100)}[job]
