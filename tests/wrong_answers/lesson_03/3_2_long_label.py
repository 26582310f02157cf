"""For 'label' you chose 100 tokens"""


def my_dials(job):
    return (0.0, 100, "I have my reasons for this")
