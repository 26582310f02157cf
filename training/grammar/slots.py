"""Values for slots: less than half from word lists, the rest made up, so that copying is learnt and not the words.

A copy goes wrong where a piece of it stands in the prompt more than once (`91.91`, `anchor_anchor`, two paths with a folder
in common), so three examples in ten draw their words from a handful, and numbers may repeat their digits.

The words of `HELD_OUT_WORDS` are never used in training; a held-out `Slots` uses them wherever a word is wanted.
"""

# ruff: noqa: E501, S108, SIM905 - a template and a list of words read best on one line each, without commas

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

from training.grammar.template import SLOT

WORDS = """orders users invoices payments sessions carts products accounts customers events metrics reports billing auth
gateway search inventory shipping catalog profile notify mailer scheduler worker ingest export import backup archive audit
analytics ledger wallet tenant member ticket comment message media upload thumbnail cache token login signup checkout refund
coupon price stock vendor supplier warehouse courier route driver trip booking room hotel flight seat menu recipe course
lesson student grade exam teacher library loan patient doctor clinic visit sensor device reading alarm meter signal camera
frame model dataset feature label batch pipeline stage job task queue topic stream shard replica index query view schema
column config secret policy role group team project issue branch release build deploy image chart node pod volume bucket
object file folder page post feed tag link click banner campaign lead web api app data core main store site admin sync
crawler planner tracker monitor proxy broker relay parser loader writer reader runner agent portal forum survey rating""".split()
HELD_OUT_WORDS = """parcels harvest orchard falcon tundra quartz lantern meadow glacier saffron walrus compass anchor violin
marble cedar pepper comet nectar raven turbine lagoon pretzel zeppelin bamboo cobalt dragonfly ember fjord gazelle hazel
iguana jasper kiwi lobster mango nutmeg otter papaya quiver radish salmon thistle umbrella velvet willow yogurt zebra acorn
beacon candle dolphin engine feather goblet hammer island jigsaw kettle ladder magnet needle oyster pocket rocket saddle
tunnel vessel wagon""".split()
_HELD_OUT = set(HELD_OUT_WORDS)
SYLLABLES = """ba be bi bo bu ca ce co da de di do du fa fe fi fo ga ge go ha he hi ho ja jo ka ke ki ko la le li lo lu ma me
mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we xi ya yo za ze zo ar el in
or un ex al on is er ing ster ment tion port lock mark field light stone""".split()
ONSETS = """b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p ph pl pr qu r s sc sh sk sl sm sn sp st str sw t th tr tw v w
wh z""".split()
NUCLEI = "a e i o u a e i o u ea ee ai oo ou ie".split()
CODAS = "b ck d ft g l ld ll lt m mp n nd ng nk nt p pp pt r rd rk rm rn rt rv s sh sk ss st t tch th tt x zz bb dd gg mm nn".split()
ENDINGS = "er le et ow el on in en y a o ing ish ard ule ine ette ion or um us ock age ant ent ail oon ade".split()
SYSTEM_USERS = "postgres root www-data nginx admin deploy app jenkins ubuntu guest oracle backup service".split()
ROOTS = ["/var/log", "/var/lib", "/etc", "/srv", "/opt", "/data", "/tmp", "/mnt", "/usr/local", "/var/run", "/app"]
EXTENSIONS = [".log", ".db", ".yaml", ".json", ".csv", ".txt", ".conf", ".sock", ".pem", ".tmp", ""]
PORTS = ["5432", "3306", "6379", "8080", "443", "9092", "27017", "5672", "80", "8443"]


class Slots:
    """Values of one example: the same name gives the same value, `{pid2}` a second one of the kind `pid`."""

    def __init__(self, random: Random, *, held_out: bool = False) -> None:
        self.random = random
        self.held_out = held_out
        self.values: dict[str, str] = {}
        self.handful: list[str] = []
        if not held_out and random.random() < 0.3:
            self.handful = [self.made_up() for _ in range(random.randint(3, 6))]

    def __getitem__(self, name: str) -> str:
        if name not in self.values:
            make = MAKERS[name.rstrip("0123456789")]
            for _ in range(9):
                value = make(self)
                if value not in self.values.values():
                    break
            self.values[name] = value
        return self.values[name]

    def fill(self, text: str) -> str:
        return SLOT.sub(lambda match: self[match[1]], text)

    def pick(self, options: list[str]) -> str:
        return options[int(self.random.random() * len(options))]

    def number(self, low: int, high: int) -> str:
        """A number whose length, not its size, is drawn evenly."""
        digits = self.random.randint(len(str(low)), len(str(high)))
        if self.repeats() and digits > 2:
            few = [self.pick(list("123456789")), self.pick(list(string.digits))]
            drawn = int(few[0] + "".join(self.pick(few) for _ in range(digits - 1)))
            return str(max(low, min(high, drawn)))
        return str(self.random.randint(max(low, 10 ** (digits - 1)), min(high, 10**digits - 1)))

    def hex(self, length: int) -> str:
        return "".join(self.pick(list("0123456789abcdef")) for _ in range(length))

    def word(self) -> str:
        if self.held_out:
            return self.pick(HELD_OUT_WORDS)
        if self.handful and self.random.random() < 0.8:
            return self.pick(self.handful)
        return self.made_up()

    def repeats(self) -> bool:
        return not self.held_out and self.random.random() < 0.15

    def made_up(self) -> str:
        """A word of the list, or of syllables, or one that could be English, or letters."""
        kind = self.random.random()
        while True:
            if kind < 0.42:
                word = self.pick(WORDS)
            elif kind < 0.6:
                word = "".join(self.pick(SYLLABLES) for _ in range(self.random.randint(2, 4)))
            elif kind < 0.86:
                word = "".join(self.pick(part) for part in (ONSETS, NUCLEI, CODAS))
                if self.random.random() < 0.25:
                    word += "".join(self.pick(part) for part in (ONSETS, NUCLEI, CODAS))
                if self.random.random() < 0.6:
                    word += self.pick(ENDINGS)
            else:
                word = "".join(self.pick(list(string.ascii_lowercase)) for _ in range(self.random.randint(3, 8)))
            if word not in _HELD_OUT:
                return word

    def identifier(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return self.word()
        return self.word() + "_" + self.word() if kind < 0.9 else self.word() + self.number(1, 99)

    def path(self, extension: str | None = None) -> str:
        root = self.pick(ROOTS) if self.random.random() < 0.85 else "/home/" + self.word()
        parts = [self.word() for _ in range(self.random.randint(1, 2))]
        return "/".join([root, *parts]) + (self.pick(EXTENSIONS) if extension is None else extension)

    def host(self) -> str:
        kind = self.random.random()
        if kind < 0.4:
            return self.word() + self.pick(["-", "0", ""]) + self.number(1, 30)
        if kind < 0.55:
            return f"{self.word()}-{self.word()}"
        top = self.pick(
            ["example.com", "example", "internal", "prod", "corp.net", "svc.local", "example.org", "local", "test"]
        )
        return f"{self.word()}.{top}" if kind < 0.85 else f"{self.word()}-{self.number(1, 9)}.{self.word()}.{top}"

    def ip(self) -> str:
        if self.repeats():
            few = [str(self.random.randint(1, 223)) for _ in range(2)]
            return ".".join(self.pick(few) for _ in range(4))
        first = self.pick(["10", "192", "172", str(self.random.randint(1, 223))])
        return ".".join([first, *(str(self.random.randint(0, 254)) for _ in range(3))])

    def url(self) -> str:
        start = self.pick(["/api", "/api/v1", "/api/v2", "", "/v1", ""])
        tail = "/" + self.number(1, 99999) if self.random.random() < 0.4 else ""
        return start + "/" + self.word() + ("/" + self.word() if self.random.random() < 0.3 else "") + tail

    def version(self) -> str:
        return ".".join(str(self.random.randint(0, 20)) for _ in range(self.random.randint(2, 3)))

    def image(self) -> str:
        name = self.word() if self.random.random() < 0.5 else self.word() + "/" + self.word()
        if self.random.random() < 0.25:
            name = self.host() + "/" + name
        return name + ":" + self.pick(["latest", "v" + self.number(1, 20), self.version(), self.version()])

    def pod(self) -> str:
        kind = self.random.random()
        name = self.word() if kind < 0.7 else self.word() + "-" + self.word()
        if self.random.random() < 0.25:
            return name + "-" + str(self.random.randint(0, 9))
        return f"{name}-{self.hex(self.random.randint(5, 9))}-{self.hex(5)}"

    def service(self) -> str:
        return self.word() + self.pick(["", "", "-service", "-api", "-worker", "-server", "d"])

    def source_file(self) -> str:
        name = self.word() + (self.pick(["_", "/"]) + self.word() if self.random.random() < 0.4 else "") + ".py"
        root = self.pick(["", "", "/srv/app/", "/app/", "src/", "/opt/" + self.word() + "/"])
        return root + name

    def user(self) -> str:
        kind = self.random.random()
        if kind < 0.25 and not self.held_out:
            return self.pick(SYSTEM_USERS)
        return self.word() if kind < 0.75 else self.word() + "_" + self.pick(["app", "ro", "admin", "svc", "rw"])


MAKERS: dict[str, Callable[[Slots], str]] = {
    "pid": lambda s: s.number(100, 99999),
    "n": lambda s: s.number(2, 999999),
    "small": lambda s: s.number(2, 99),
    "line": lambda s: s.number(2, 2400),
    "ms": lambda s: s.number(20, 99999),
    "sec": lambda s: s.number(2, 900),
    "pct": lambda s: s.number(80, 100),
    "port": lambda s: s.pick(PORTS) if s.random.random() < 0.4 else s.number(1024, 65535),
    "mb": lambda s: s.number(16, 65536),
    "gb": lambda s: s.number(2, 900),
    "code": lambda s: s.number(1, 255),
    "ip": Slots.ip,
    "host": Slots.host,
    "table": Slots.identifier,
    "db": Slots.identifier,
    "key": Slots.identifier,
    "col": Slots.identifier,
    "func": Slots.identifier,
    "topic": Slots.identifier,
    "var": lambda s: s.identifier().upper(),
    "const": lambda s: s.identifier() + s.pick(["_pkey", "_key", "_idx", "_uniq", "_fkey", "_check"]),
    "svc": Slots.service,
    "unit": lambda s: s.service() + s.pick([".service", ".service", ".service", ".timer", ".mount"]),
    "user": Slots.user,
    "mod": lambda s: s.word() if s.random.random() < 0.6 else s.word() + "." + s.word(),
    "file": Slots.source_file,
    "path": Slots.path,
    "dir": lambda s: s.path(""),
    "url": Slots.url,
    "method": lambda s: s.pick(["GET", "GET", "POST", "PUT", "DELETE", "PATCH"]),
    "pod": Slots.pod,
    "ns": lambda s: s.pick(["default", "prod", "staging", "kube-system"]) if s.random.random() < 0.4 else s.word(),
    "node": lambda s: s.pick(["node-", "worker-", "ip-", s.word() + "-"]) + s.number(1, 99),
    "image": Slots.image,
    "hash": lambda s: s.hex(s.random.randint(7, 10)),
    "date": lambda s: f"20{s.random.randint(19, 29)}-{s.random.randint(1, 12):02}-{s.random.randint(1, 28):02}",
    "stamp": lambda s: (
        MAKERS["date"](s) + f"T{s.random.randint(0, 23):02}:{s.random.randint(0, 59):02}:{s.random.randint(0, 59):02}Z"
    ),
    "device": lambda s: s.pick(["/dev/sda", "/dev/sdb", "/dev/nvme0n", "/dev/vda"]) + str(s.random.randint(1, 9)),
    "version": Slots.version,
    "word": Slots.word,
    "bucket": lambda s: s.word() + "-" + s.word(),
    "class": lambda s: s.word().capitalize() + s.pick(["", "Model", "Client", "Handler", "Service", "Config"]),
    "agent": lambda s: s.pick(
        [
            "curl/8.5.0",
            "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/148.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_7)",
            "monitor/2.4",
            "Mozilla/5.0",
            "python-httpx/0.28",
            "kube-probe/1.31",
            "Go-http-client/2.0",
        ]
    ),
}
