"""raised KeyError"""


def my_dials(job):
    return {"label": (0.0, 8, "I have my reasons for this")}[job]
