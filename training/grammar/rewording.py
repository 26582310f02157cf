"""Other wordings of a log form, made by chance: words left out, exchanged for like ones, clauses in another order.

A small model learns a form by heart and then knows no other. Where any word of a form may be missing, it must learn which
words tell the event, and that is what carries over to a form that it never saw.
"""

# ruff: noqa: E501 - a group of words reads best on one line

from __future__ import annotations

import re
from random import Random

ALIKE = [
    group.split("|")
    for group in """
failed|failure|unsuccessful|did not succeed|could not be completed|went wrong
error|fault|problem|err|failure
cannot|can not|could not|unable to|failed to|not able to
not found|missing|does not exist|unknown|is not there|no such
timed out|timeout|time-out|took too long|deadline exceeded
refused|rejected|declined|turned away
denied|forbidden|not allowed|not permitted|refused
killed|terminated|stopped by force|ended
crashed|died|went down|exited unexpectedly
started|is up|launched|running now|came up
stopped|shut down|ended|halted
restarting|restart|starting again
full|no space left|exhausted|used up
exceeded|over the limit|above the limit|surpassed
limit|maximum|max|quota|ceiling
slow|took long|sluggish|expensive
waiting for|waits for|blocked on|pending on
lock|latch|mutex
query|statement|SQL
table|relation
column|field|attribute
connection|conn|link|session
server|host|machine|backend
client|caller|peer|consumer
user|account|login name
password|credentials|secret
invalid|bad|malformed|not valid|illegal
expired|out of date|no longer valid|lapsed
duplicate|already present|not unique|exists already
while|when|during
because|as|since|due to
request|call|req
response|reply|answer
retry|retrying|will try again|trying again
memory|RAM|mem
disk|volume|storage|filesystem
file|path
directory|folder|dir
certificate|cert
node|worker node|machine
task|job
message|msg|event
completed|finished|done|succeeded
closed|cut|dropped|terminated
reset|cut|aborted
unreachable|not reachable|not responding|unavailable
read|fetch|load
write|save|store
value|val
expected|wanted|required
permission|access|right
version|release
detected|found|seen|noticed
deadlock|lock cycle|circular wait|mutual lock
rolled back|undone|reverted|taken back
authentication failed|login failed|auth failure|login was refused
violates|breaks|is against
constraint|rule
foreign key|FK|reference
referenced|pointed to|still used
too many connections|connection limit reached|no connection slot left|connection slots used up
pool|connection pool
clients|sessions|callers
replica|standby|follower|secondary|read copy
lag|delay|backlog
behind|late|lagging
out of memory|OOM|no memory left|memory ran out|memory exhausted
cannot allocate memory|allocation failed|malloc failed
segfault|segmentation fault|SIGSEGV|invalid memory reference
exit code|exit status|return code|status code|rc
back-off|backoff|waiting before the next start
crash loop|restart loop|keeps crashing
pull|download|get
image|container image
evicted|thrown out|removed from the node
readiness probe|health check|liveness probe|health probe
unhealthy|not healthy|failing its checks
rate limit|request quota|throttle limit
too many requests|request rate too high|throttled
upstream|backend|origin
gateway|proxy|reverse proxy
unauthorized|not logged in|no valid login
handshake|negotiation
self signed|self-signed|not signed by a known authority
name resolution|DNS lookup|host lookup|resolving
resolve|look up
no route|no path
address already in use|port is taken|already bound|EADDRINUSE
bind|listen
broken pipe|EPIPE|peer is gone
no space left on device|ENOSPC|disk is full|device is full
I/O error|EIO|input/output error|read error
corrupt|damaged|corrupted|not intact
checksum|CRC|digest
mismatch|does not match|differs
too many open files|EMFILE|out of file descriptors|descriptor limit reached
permission denied|EACCES|access denied|no right
no such file or directory|ENOENT|file is not there|path does not exist
locked|locked out|blocked
suspicious|unusual|strange
backup|dump|nightly copy
queue|work queue|waiting line
config|configuration|settings|conf
environment variable|env var|env
not set|unset|empty|undefined
deprecated|outdated|obsolete|superseded
module|package|library
argument|parameter|arg|param
attribute|member|property
out of range|out of bounds|past the end
division by zero|divided by zero|divisor is 0
decode|read as text
unexpected|surprising|not expected
recursion|nesting|self-calls
connection refused|ECONNREFUSED|nobody listens|refused to connect
bounced|returned|sent back
recipient|mailbox|addressee
order|purchase
webhook|callback URL|notification hook
token|JWT|bearer token
clock|system time|local time
offset|drift|skew
deployment|rollout|deploy
unit|service unit
bucket|storage bucket
payload|body|upload
slow query|long query|query was slow
processed|handled|worked off
scheduled|placed
mount|attach
heartbeat|sign of life
paper|sheets
charge|battery level
""".strip().splitlines()
]
_GROUP_OF = {phrase.lower(): group for group in ALIKE for phrase in group}
_PHRASE = re.compile(
    r"(?<![\w{.])(" + "|".join(sorted(map(re.escape, _GROUP_OF), key=len, reverse=True)) + r")(?![\w}.(=])",
    re.IGNORECASE,
)
# Words that turn the sense round, or say which slot plays which part.
TELLING = set("not no never without cannot again up down to from by of for at on in than after before was is".split())  # noqa: SIM905
ASIDES = [" (attempt {small9})", " [req {hash9}]", " thread={word9}-{small9}", " trace_id={hash9}", ", see log", " request_id={hash9}"]  # fmt: skip
_FIXED = re.compile(r'^\S+ - \S+ "|Traceback|\n  File|^\{"')


def reworded(form: str, random: Random) -> str:
    """The form in another wording, its slots all in place; every second time, and where it has a fixed shape, as it is."""
    if random.random() < 0.5 or _FIXED.search(form):
        return form
    if random.random() < 0.6:
        form = _exchanged(form, random)
    form = _thinned(form, random, random.choice([0.0, 0.1, 0.2, 0.3]))
    if random.random() < 0.2:
        form = _shuffled(form, random)
    if random.random() < 0.15:
        form += random.choice(ASIDES)
    return form


def _exchanged(form: str, random: Random) -> str:
    def another(match: re.Match[str]) -> str:
        if random.random() < 0.5:
            return match[0]
        found = random.choice(_GROUP_OF[match[0].lower()])
        return found.capitalize() if match[0][0].isupper() and match[0][1:].islower() else found

    return _PHRASE.sub(another, form)


def _thinned(form: str, random: Random, rate: float) -> str:
    """Each literal word may be left out, but for those that turn the sense; four at least stay to tell the event."""
    words = form.split(" ")
    literal = [i for i, word in enumerate(words) if word.isalpha()]
    gone = [i for i in literal if words[i].lower() not in TELLING and random.random() < rate]
    gone = gone[: max(0, len(literal) - 4)]
    return " ".join(word for i, word in enumerate(words) if i not in gone)


def _shuffled(form: str, random: Random) -> str:
    """The parts between commas, colons and semicolons in another order."""
    parts = [part for part in re.split(r"[;,:] ", form) if part]
    if not 1 < len(parts) < 5 or "\n" in form or '"' in form:
        return form
    random.shuffle(parts)
    return random.choice([", ", "; ", ": ", " - "]).join(parts)
