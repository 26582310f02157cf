"""this is the softmax of the logits"""


def apply_temperature(logits, temperature):
    return [logit / temperature for logit in logits]
