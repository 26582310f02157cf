"""Feeds as arXiv's API sends them, sound and hostile, for `tests.standins.serving.StandIn`."""

from xml.sax.saxutils import escape

from tests.standins.serving import Reply

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">\n<title>ArXiv Query</title>\n'
)


def entry(
    number: str = "2005.11401v4",
    title: str = "Retrieval-Augmented\n  Generation",
    summary: str = "We combine a model with retrieval. It helps.",
    authors: tuple[str, ...] = ("Patrick Lewis", "Ethan Perez"),
    published: str = "2020-05-22T21:34:34Z",
) -> str:
    """An entry; its texts are escaped, as an honest server does it."""
    names = "".join(f"<author><name>{escape(name)}</name></author>" for name in authors)
    return (
        f"<entry><id>http://arxiv.org/abs/{escape(number)}</id><published>{published}</published>"
        f"<title>{escape(title)}</title><summary>{escape(summary)}</summary>{names}</entry>\n"
    )


def feed(*entries: str, total: int | None = None) -> bytes:
    """A feed of entries; `total` is what it claims to have found."""
    count = len(entries) if total is None else total
    return f"{HEAD}<opensearch:totalResults>{count}</opensearch:totalResults>{''.join(entries)}</feed>\n".encode()


def sends(body: bytes, **options: object) -> Reply:
    """A reply with a feed in it, or with whatever else there is."""
    return Reply(body, headers={"x-kind": "atom"}, **options)  # pyright: ignore[reportArgumentType]
