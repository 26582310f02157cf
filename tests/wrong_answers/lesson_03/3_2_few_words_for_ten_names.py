"""For 'names' you chose 20 tokens"""


def my_dials(job):
    return {
        "label": (0.0, 8, "I have my reasons for this"),
        "explain": (0.2, 300, "I have my reasons for this"),
        "names": (1.2, 20, "I have my reasons for this"),
    }[job]
