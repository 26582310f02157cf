"""What a hostile server can do to a host, with a defence and without one: `carry_out` a plan, then ask the judges.

print(await attack_matrix())                    # all plans and all defences, in a cell
python -m labkit.attacks --model smollm         # the same in a terminal, with a real model
"""

from labkit.attacks.bed import Defence, Host, Obedient, Outcome, Person, carry_out, undefended
from labkit.attacks.defences import DEFENCES
from labkit.attacks.judging import JUDGES, hindered, succeeded, without_payload
from labkit.attacks.matrix import MODELS, attack_matrix
from labkit.attacks.report import Matrix

__all__ = [
    "DEFENCES",
    "JUDGES",
    "MODELS",
    "Defence",
    "Host",
    "Matrix",
    "Obedient",
    "Outcome",
    "Person",
    "attack_matrix",
    "carry_out",
    "hindered",
    "succeeded",
    "undefended",
    "without_payload",
]
