"""Return three values"""


def my_dials(job):
    return 0.5
