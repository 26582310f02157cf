"""Whether a sentence about a fault denies it: told by its words, and no more of it is understood.

    denies("no SQL injection on line 7")        # a fault is negated
    denies("line 7 is safe")                    # it is praised
    not denies("no parameters on line 7")       # a remedy is negated: it is missing, and that is the fault
    not denies("line 7 builds SQL; never do")   # advice

A negation looks ahead in its clause for the first word that is a remedy's or a fault's. `No` and `not` deny unless that
is a remedy; `without`, `should not` and the like only where it is a fault. In doubt a sentence denies: a finding that
is not believed costs a look at the line, and one that is believed wrongly costs the fault.
"""

import re
from itertools import takewhile

REMEDY = re.compile(
    r"\b(?:param\w*|placeholders?|prepar\w+|bound|bind(?:s|ing)?|escap\w+|quot(?:e[ds]?|ing)|valid\w*|saniti[sz]\w+"
    r"|check\w*|verif\w+|certificates?|authenti\w+|authori[sz]\w+|encrypt\w*|hash(?:ed|ing)|salt\w*|constant|type[sd]?"
    r"|limit\w*|bounds|bounded|time-?outs?|await\w*|async\w*|handl\w+|clos(?:e[ds]?|ing)|releas\w+|cach\w+|filter\w*"
    r"|protect\w*|prevent\w*|defen[cs]e\w*|guard\w*|safeguard\w*|barriers?|mitigat\w+|avoid\w*|stop(?:s|ped|ping)?"
    r"|separat\w+|split\w*|tests?|tested|allow-?list\w*|regard|care|careful\w*|thought|trust\w*|rel(?:y|ies|iable|ied)"
    r"|secure[ds]?|securely|safe\w*|fine|sound|harmless|okay|ok|good|correct\w*|clean\w*|free|clear|immune|proof"
    r"|benign|best|better|ideal|recommend\w*|advis\w+|wise|efficient\w*|optimal|necessary|need\w*|reason\w*|acceptable"
    r"|appropriate\w*|suitable|proper\w*|robust|resistant|strong|enough|sufficient\w*|readable|easy|easily|fast|fastest"
    r"|scal\w+|works?|tells?|great|well|environ\w*|config\w*|logs?|logged|logging|rais\w+|re-?rais\w+|propagat\w+"
    r"|surface|visible|noticed|specif\w+|reset|anew|copy|copied|purpose|effect"
    r"|(?:run|proceed|continue|respond|finish)(?=\W*$))\b",
    re.IGNORECASE,
)
"""What makes code safe or quick, and what may be said of such code."""

FAULT = re.compile(
    r"\b(?:problem\w*|issues?|findings?|vulnerab\w+|risks?|risky|danger\w*|hazard\w*|threat\w*|flaw\w*|weak\w*|faults?"
    r"|bugs?|concerns?|harm|harms|harmful|exploit\w*|attack\w*|inject\w+|leak\w*|unsafe|insecure|wrong|bad|slow\w*|smells?"
    r"|costly|expensive|worr\w+|trouble\w*|holes?|loopholes?|hard.?coded|hard|block\w*|swallow\w*|quadratic|nested"
    r"|concatenat\w+|interpolat\w+|malicious\w*|suspicious|hurts?|compromis\w+|expos(?:e[ds]?|ing|ure)"
    r"|un(?:escap|check|valid|saniti|quot|bound|limit|trust|protect|handl|us|need|necess)\w+)\b",
    re.IGNORECASE,
)
"""What is wrong with code."""

FAULTY = r"(?:problem|issue|risk|injection|bug|vulnerability|error|fault|trouble|leak|danger)"
NEGATION = re.compile(
    r"(?P<strong>\b(?:no|not|none|neither|nor|never|cannot|hardly|scarcely|zero|far\sfrom|anything\sbut)\b|n['\u2019]t\b"
    r"|^\W*(?:nothing|nobody)\b(?!\selse))|\b(?:without|nothing|nobody|lack(?:s|ing)?)\b",
    re.IGNORECASE,
)
TO_DO = re.compile(
    r"^\W*(?:(?:and|so|or|but|then)\s)?(?:please\s|always\s|instead\s|you\sshould\s)?(?:use|pass|replace|avoid|consider"
    r"|switch|prefer|ensure|validate|escape|bind|add)\b(?!\sof\b)",
    re.IGNORECASE,
)
NOT_TO_DO = re.compile(
    r"^\W*(?:(?:and|so|or|but)\s)?(?:please\s)?(?:do\snot|don['\u2019]t|never)\b(?!\s(?:worry|need))", re.IGNORECASE
)
OUGHT = re.compile(r"\b(?:should|must|ought|shall)(?:\s(?:\w+ly\s)?(?:not|never)|n['\u2019]t)\b", re.IGNORECASE)
"""Advice says nothing of what is there, `do not join strings`, or little, `should not join`."""

EMPHASIS = re.compile(
    r"\b(?:not\s(?:only|just|merely|even|least|without)|no\s(?:doubt|wonder|small|matter)|without\s(?:doubt|question)"
    r"|(?:is|are)n['\u2019]t\s(?:only|just|merely|even)|never\smind)\b",
    re.IGNORECASE,
)
USED = re.compile(
    r"^\s(?:(?:been|being|be|ever|longer|really|\w+ly)\s){0,2}(?:used|called|accessed|referenced)\b", re.IGNORECASE
)
USABLE = re.compile(
    r"\b(?:eval|exec|sql|quer(?:y|ies)|shell|os\.system|pickle|md5|sha-?1|==|verify=False)", re.IGNORECASE
)
NAMED = re.compile(
    r"\b(?:imports?|imported|names?|variables?|arguments?|modules?|functions?|assign\w*|defin\w+|results?)\b",
    re.IGNORECASE,
)
"""`Eval is not used` denies; `the name query is never used` does not."""

GOOD = r"(?:safe|secure|fine|sound|harmless|okay|ok|good|correct|clean|benign|acceptable|immune|protected)"
PRAISE = re.compile(
    rf"(?:\b(?:is|are|looks?|seems?|appears?|remains?)|['\u2019](?:s|re))\s(?:[\w-]{{1,20}}\s){{0,2}}{GOOD}\b"
    r"(?!\sto\s(?:remove|delete|drop))"
    r"|\b(?:is|are)\s(?:already\s|\w+ly\s)?(?:parameteri[sz]ed|escaped|saniti[sz]ed|validated|bound|impossible)\b"
    r"(?!\sto\b)"
    r"|\bline\s1\s(?:uses|binds)\s(?:\w+\s){0,2}(?:parameteri[sz]ed|prepared|placeholders)\b"
    rf"|^\W*(?:all\s)?{GOOD}\b(?!\s\w)"
    r"|\b(?:(?:free|clear|safe|immune|protected)\s(?:from|of|against)|immune\sto)\b"
    rf"|\b{FAULTY}-free\b|\bline\s1\s(?:already\s)?(?:safely|securely|properly|correctly|avoids|prevents|rules\sout)\b"
    r"|(?:\b(?:nothing|no\s(?:need|reason|cause))|n['\u2019]t\sneed|\bnot\sneed)\sto\s"
    r"(?:worry|fear|fix|change|mend|report|see)\b",
    re.IGNORECASE,
)
CONDITION = re.compile(
    r"\b(?:ensur\w+|make\s(?:sure|certain)|unless|until|if|whether|only|once|would|could|should|must|believ\w+|assum\w+)\b",
    re.IGNORECASE,
)
"""`Make sure that it is safe` does not say that it is."""

CLAUSE = re.compile(
    r"[,;:()]+|\s[-\u2013\u2014]\s|\s(?=(?:and|or|but|so|because|since|while|although|though|which|where|when|if|unless|"
    r"until|before|after)\s)",
    re.IGNORECASE,
)


def denies(sentence: str) -> bool:
    """Whether a sentence says that there is no fault. It names a line as `line 1`, or none."""
    clauses = CLAUSE.split(re.sub(r"^\W*no,\s", "", sentence, flags=re.IGNORECASE))
    return any(map(_clause_denies, takewhile(lambda clause: not TO_DO.match(clause), clauses)))


def _clause_denies(clause: str) -> bool:
    clause = EMPHASIS.sub(" ", NOT_TO_DO.sub(" ", clause))
    praise = PRAISE.search(clause)
    negations = [*NEGATION.finditer(clause)]
    if praise and not any(each.start() < praise.end() for each in negations if each.start() != praise.start()):
        return not CONDITION.search(clause, 0, praise.start())
    return any(_is_of_a_fault(clause, each) for each in negations)


def _is_of_a_fault(clause: str, negation: re.Match[str]) -> bool:
    """Whether what is negated is a fault, or for a strong negation whatever is no remedy."""
    after = clause[negation.end() :]
    if not after.strip(" .!") and not clause[: negation.start()].strip():
        return False
    if USED.match(after):
        before = clause[: negation.start()]
        return bool(USABLE.search(before)) and not NAMED.search(before) and not REMEDY.search(before)
    is_weak = not negation["strong"] or OUGHT.search(clause, 0, negation.end())
    fault, remedy = FAULT.search(after), REMEDY.search(after)
    if not fault or (remedy and remedy.start() < fault.start()):
        return not remedy and not is_weak
    # `no injection checks`: of two such words side by side the second is what is meant.
    return not (remedy and remedy.start() - fault.end() == 1)
