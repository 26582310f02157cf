"""For 'label' you chose temperature 1.0"""


def my_dials(job):
    return {
        "label": (1.0, 8, "I have my reasons for this"),
        "explain": (0.2, 100, "I have my reasons for this"),
        "names": (1.2, 100, "I have my reasons for this"),
    }[job]
