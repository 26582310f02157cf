"""For 'label' you chose temperature 1.0"""


def my_dials(job):
    return {"label": (1.0, 8), "explain": (0.2, 100), "names": (1.2, 100)}[job]
