"""raised KeyError"""


def my_dials(job):
    return {"label": (0.0, 8)}[job]
