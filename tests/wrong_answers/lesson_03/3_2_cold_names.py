"""For 'names' you chose temperature 0.2"""


def my_dials(job):
    return {
        "label": (0.0, 8, "I have my reasons for this"),
        "explain": (0.2, 100, "I have my reasons for this"),
        "names": (0.2, 100, "I have my reasons for this"),
    }[job]
