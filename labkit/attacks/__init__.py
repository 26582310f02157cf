"""What a hostile server can do to a host, with a defence and without one: `carry_out` a plan, then ask the judges."""

from labkit.attacks.bed import Defence, Host, Obedient, Outcome, Person, carry_out
from labkit.attacks.judging import JUDGES, hindered, succeeded, without_payload

__all__ = [
    "JUDGES",
    "Defence",
    "Host",
    "Obedient",
    "Outcome",
    "Person",
    "carry_out",
    "hindered",
    "succeeded",
    "without_payload",
]
