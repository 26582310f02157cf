"""Secrets that can be told by their form. None is written out here: a scanner of repositories reads this file too."""

import json
import re
import string
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.secret_forms import FORMS, MARK, find_secrets, may_hold, redacted
from labkit.secret_forms.hidden import without_hidden
from servers.sample_logs import SAMPLE_LOG
from tests.cpu import cpu
from tests.host.any_request import patient
from tests.secret_forms import corpus
from tests.secret_forms.corpus import samples

alphanumeric = string.ascii_letters + string.digits
some = st.integers(24, 60).flatmap(lambda n: st.text(alphanumeric, min_size=n, max_size=n)).map(lambda text: text + "7")
thirty_six = some.map(lambda text: (text * 2)[:36])
upper = st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=16)

secrets: dict[str, st.SearchStrategy[str]] = {
    "private key": st.builds(
        lambda kind, body: f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----",
        st.sampled_from(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "]),
        some,
    ),
    "JSON web token": st.builds("eyJ{}.{}.{}".format, some, some, some),
    "Anthropic key": st.builds("sk-ant-{}".format, some),
    "OpenAI key": st.builds("{}{}".format, st.sampled_from(["sk-", "sk-proj-"]), some),
    "AWS access key": st.builds("{}{}".format, st.sampled_from(["AKIA", "ASIA"]), upper),
    "Azure storage key": some,
    "DigitalOcean token": st.builds("dop_v1_{}".format, st.text("0123456789abcdef", min_size=64, max_size=64)),
    "Google API key": st.builds("AIza{}".format, thirty_six),
    "GitHub token": st.builds("{}{}".format, st.sampled_from(["ghp_", "gho_", "github_pat_"]), thirty_six),
    "GitLab token": st.builds("glpat-{}".format, some),
    "npm token": st.builds("npm_{}".format, thirty_six),
    "Hugging Face token": st.builds("hf_{}".format, thirty_six),
    "SendGrid key": st.builds("SG.{}.{}".format, some, some),
    "Shopify token": st.builds("shpat_{}".format, st.text("0123456789abcdef", min_size=32, max_size=32)),
    "Slack token": st.builds("{}{}".format, st.sampled_from(["xoxb-", "xoxp-"]), some),
    "Stripe key": st.builds("{}{}".format, st.sampled_from(["sk_live_", "rk_test_", "whsec_"]), some),
    "bearer token": some,
    "basic credentials": some,
    "password in a URL": some,
    "password": some,
    "token": some,
}  # fmt: skip

SHAPES = {
    "Azure storage key": "AccountName=me;AccountKey={};",
    "bearer token": "Authorization: Bearer {}",
    "basic credentials": "authorization: Basic {}",
    "password in a URL": "postgres://app:{}@db01/shop",
    "password": "password={}",
    "token": "access_token: {}",
}
"""How a secret is written that is known by what stands before it."""

planted = st.sampled_from(sorted(secrets)).flatmap(
    lambda kind: secrets[kind].map(lambda secret: (kind, secret, SHAPES.get(kind, "{}").format(secret)))
)
before = st.text(alphanumeric + " .,:;=/@_-\"'\n", max_size=20) | st.sampled_from(
    ["password=", "token: '", "Bearer ", "://a:", "sk-", "eyJ", "AKIA", "-----BEGIN PRIVATE KEY-----\n", 'secret="']
)


hidden_ones = ["\u200b", "\u202e", "\u2060", "\u00ad", "\U000e0041", "\x00", "\ufe0f"]


def test_every_pattern_has_its_secret_here() -> None:
    shown = [text for sample in [*samples("held"), *samples("later_held")] for text in corpus.shown(sample)]
    marked = {mark for text in shown for mark in MARK.findall(text)}
    assert {form.kind for form in FORMS} - {mark[11:-1] for mark in marked} == set()
    assert set(secrets) - {form.kind for form in FORMS} == {"password", "token"} - {form.kind for form in FORMS}


@patient
@given(before, planted, st.text(max_size=20))
def test_whatever_stands_around_it_a_secret_is_taken_out(before: str, one: tuple[str, str, str], after: str) -> None:
    _, secret, written = one
    kinds: Counter[str] = Counter()
    text = redacted(f"{before} {written} {after}", kinds)
    assert secret not in text
    assert kinds.total() == text.count("[redacted: ") - after.count("[redacted: ") >= 1


@patient
@given(before, planted, st.lists(st.tuples(st.integers(0), st.sampled_from(hidden_ones)), min_size=1, max_size=5))
def test_hidden_characters_in_a_secret_or_before_it_do_not_save_it(
    before: str, one: tuple[str, str, str], hidden: list[tuple[int, str]]
) -> None:
    _, secret, written = one
    for where, character in hidden:
        place = where % (len(written) + 1)
        written = written[:place] + character + written[place:]
    kinds: Counter[str] = Counter()
    text = redacted(f"{before} {written} after", kinds)
    assert secret not in text
    assert secret not in without_hidden(text)
    assert text.endswith(" after") or before  # what stands before may be the beginning of another
    assert kinds.total() == text.count("[redacted: ") >= 1


def test_a_hidden_character_right_before_a_secret_makes_no_word_of_both() -> None:
    key = "sk-" + "ant-" + "api03\u2060-" + "a1" * 10
    assert redacted(f"abc\u200b{key} and more", Counter()) == "abc\u200b[redacted: Anthropic key] and more"
    assert redacted("com\u200bpass: hun\u200bter22", Counter()) == "com\u200bpass: [redacted: password]"


@pytest.mark.parametrize(
    "written",
    ["pwd={}", "PWD: {}", "Uid=sa;Pwd={};", "pass: {}", "db_pass='{}'", "rootpass={}", '{{"pass": "{}"}}', "pass={} "],
)
@pytest.mark.parametrize("hide", ["", "\u200b"])
def test_a_password_goes_by_its_short_names_too(written: str, hide: str) -> None:
    secret = "hunter22"
    kinds: Counter[str] = Counter()
    text = redacted(written.replace("p", f"p{hide}", 1).format(secret), kinds)
    assert secret not in text
    assert kinds == {"password": 1}


@pytest.mark.parametrize(
    "written",
    [
        "{}: pass: abc123x",
        "user: mira pass: abc123x",
        "user=mira pass=abc123x",
        "boarding pass=abc123x",
        "user mira, pass: abc123x",
        "DB pass: abc123x",
        "My wifi pass: abc123x",
        "the account of gate 22 has pass: abc123x",
        "const pass = 'abc123x'",
        "zabbix_pass: abc123x",
        "boarding pass\n  pass: abc123x",
        "boarding password: abc123x",
        "boarding pwd: abc123x",
        "boarding pwd=abc123x",
        "gate22 rootpass: abc123x",
        "com\u200bpass: abc123x",
        "boarding\u200b pass: abc123x",
    ],
)
def test_a_pass_that_is_a_password_is_told_by_what_stands_before_it(written: str) -> None:
    kinds: Counter[str] = Counter()
    assert redacted(written, kinds) == written.replace("abc123x", "[redacted: password]")
    assert kinds == {"password": 1}


@patient
@given(st.lists(planted, min_size=2, max_size=5), st.sampled_from([" ", "\n", ", ", "\t"]))
def test_several_are_all_taken_out(several: list[tuple[str, str, str]], between: str) -> None:
    text = redacted(between.join(written for _, _, written in several), Counter())
    assert [secret for _, secret, _ in several if secret in text] == []


def test_where_patterns_overlap_one_stretch_holds_them_all() -> None:
    kinds: Counter[str] = Counter()
    key = "sk-" + "ant-" + "a1" * 10
    assert redacted(f"access_token={key}&next=1", kinds) == "access_token=[redacted: Anthropic key]&next=1"
    assert redacted(f"password='the {key} and more'", kinds) == "password='[redacted: password]'"
    assert kinds == {"Anthropic key": 1, "password": 1}


@patient
@given(planted)
def test_a_secret_that_stands_alone_is_told_by_its_kind(one: tuple[str, str, str]) -> None:
    kind, secret, written = one
    kinds: Counter[str] = Counter()
    assert redacted(written, kinds) == written.replace(secret, f"[redacted: {kind}]")
    assert kinds == {kind: 1}


@patient
@given(st.text())
def test_what_is_left_out_is_all_that_changes(text: str) -> None:
    found = find_secrets(text)
    kept, end = "", 0
    for stretch in found:
        assert end <= stretch.start < stretch.end <= len(text)
        kept, end = kept + text[end : stretch.start], stretch.end
    kinds: Counter[str] = Counter()
    clean = redacted(text, kinds)
    for kind in kinds:
        clean = clean.replace(f"[redacted: {kind}]", "")
    assert found == [] or clean == kept + text[end:]
    assert found != [] or clean == text


@pytest.mark.parametrize(
    "honest",
    [
        "max_tokens: 100000",
        "unexpected token: function",
        "token count = 12345678",
        "task-description-of-what-we-did-in-2026",
        "Failed password for invalid user admin from 198.51.100.99",
        "https://shop.example:8080/cart?item=7@2",
        "the keyJoinTable.first.second was renamed",
        "disk_test_of_the_night_shift_went_well",
        "pwd = os.getcwd()",
        "def f(pwd: str): pass",
        "pwd: command not found",
        "pass: v1.2.3",
        "pass: sha256:abc123",
        "Basic authentication is asked for, not basic arithmetic",
        "mail me@shop.example at 10:22",
        "PWD=/srv/app OLDPWD=~/app",
        "pwd: ./reports",
        "pass: 120ms, fail: 0",
        "PASS: test_login_2",
        "3 pass: 2.5s; second pass: 12,345 rows",
        "pass = true",
        "bypass: route66abc",
        "boarding pass: gate22",
        "Boarding pass: gate22, seat 14C",
        "Scan: boarding pass = gate22",
        "boarding_pass: gate22",
        '{"boarding-pass": "gate22"}',
        '{"season pass": "winter26"}',
        "mountain pass: route66abc",
        "first pass: batch12, second pass: batch13",
        "render pass: shadow2 took 14 ms",
        "12:01 the second\tpass: batch13",
        "compass=north123",
        "npm_config_registry_of_the_whole_build_farm=x",
        "hf_transfer and hf_hub_download_of_the_model",
        "glpat- is how such a token begins",
        "see SG.1 and SG.pdf.gz",
        "a family \U0001f469\u200d\U0001f680 on task-description-of-what-we-did-in-2026",
        "a\u200bb on the task-description-of-what-we-did-in-2026",
        "SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_an_honest_line_is_left_alone(honest: str) -> None:
    assert find_secrets(honest) == []


@pytest.mark.parametrize(
    "honest",
    [
        "password=None",
        'api_key = "<your key here>"',
        "secret: ${DB_PASSWORD}",
        "passwd = ********",
        "http://user:password@shop.example/",
        '{"progressToken": "a1b2c3d4e5f6"}',
        "next_page_token=CAUQAA1234567",
        "--no-password host1",
        "ops ALL=(root) NOPASSWD: /usr/bin/systemctl",
        "usage: tool --password PASSWORD",
    ],
)
def test_what_stands_in_the_place_of_a_secret_or_only_has_its_name_is_left_alone(honest: str) -> None:
    assert find_secrets(honest) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=Tr0ub4dor&3zz and more", "Tr0ub4dor&3zz"),
        ("login?password=hunter22&next=1", "hunter22"),
        ('{"note": "{\\"pwd\\": \\"hunter22\\"}"}', "hunter22"),
        ('password = "hun\\"ter22"', 'hun\\"ter22'),
        ("mysql --password hunter22 shop", "hunter22"),
        ("tool --token=hun", "hun"),
        ("dbpassword: hunter22", "hunter22"),
        ("client_secret_old=hunter22", "hunter22"),
        ("password=[redacted: token]hunter22", "[redacted: token]hunter22"),
    ],
)
def test_a_secret_is_found_to_its_end_in_the_ways_it_is_given(text: str, secret: str) -> None:
    [found] = find_secrets(text)
    assert text[found.start : found.end] == secret


def test_an_expression_and_a_sentence_are_no_values() -> None:
    for text in ("password=self.password", "password: Letters of the user.", "passwd = getpass(prompt)"):
        assert find_secrets(text) == []
    assert find_secrets("password: hunter22 and more") != []


@patient
@given(st.lists(planted | before.map(lambda text: ("", "", text)), max_size=4), st.sampled_from(["", " ", "\n", "'"]))
def test_what_is_redacted_stays_as_it_is(pieces: list[tuple[str, str, str]], between: str) -> None:
    once = redacted(between.join(written for _, _, written in pieces), Counter())
    kinds: Counter[str] = Counter()
    assert redacted(once, kinds) == once
    assert not kinds


@pytest.mark.parametrize("keys", [1, 2, 40])
def test_a_text_in_which_each_mark_uncovers_another_key_keeps_none(keys: int) -> None:
    # A key begins no word behind the key before it, until that has become a mark.
    text = ("AKIA" + "A1" * 8 + "dop_v1_" + "a1" * 16) * keys
    kinds: Counter[str] = Counter()
    once = redacted(text, kinds)
    assert "A1A1" not in once
    assert "a1a1" not in once
    assert kinds.total() == once.count("[redacted: ") == (2 * keys if keys < 3 else 1)
    assert redacted(once, kinds) == once


@patient
@given(before, planted)
def test_the_look_beforehand_misses_nothing_that_is_found(before: str, one: tuple[str, str, str]) -> None:
    _, _, written = one
    told = f"{before} {written}"
    assert may_hold(told)
    for text in (json.dumps(told), json.dumps(json.dumps(told)), json.dumps(told).replace("/", "\\/")):
        assert may_hold(text)


def test_the_sample_log_is_left_alone() -> None:
    assert find_secrets(SAMPLE_LOG.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "kind"), [("password", "password"), ("apiKey", "password"), ("access_token", "token")]
)
def test_the_name_of_a_field_tells_too(name: str, kind: str) -> None:
    assert [found.kind for found in find_secrets("correct horse 1", name)] == [kind]
    assert find_secrets("correct horse 1", "title") == []


SLOW = """
eyJ eyJ- eyJaaaaaaaa. sk- sk-a AKIA xoxb- ghp_ :// ://a: password= password=" password='" token=a token=" a pass="
token=' {"key": pass= auth= pwd:"\\ pass(" pass=“ pass=“1 pass="1 "password":"a\\ {"password":" password=\\"
password={"a":[ password(" <password> = mysql|- 密码\uff1a \uff50ass\u200bword\uff1d key pwd tskey- 密码 sk-\u200ba
\u200bpass\u200bword= aaa\u200b \u200beyJaaaaaaaa SG.aaaaaaaaaaaaaaaa. glpat- pwd=' bearer| Basic| Basic|aaaaaaaaaaaaa
token:| password:| pass:| password|is| -----BEGIN| -----BEGIN|PRIVATE|KEY----- -u|a: Authorization:|x|a= Cookie:|a=b
"""
"""Beginnings of a secret that none follows; `|` is a space."""


@pytest.mark.parametrize("piece", SLOW.split())
def test_a_text_that_is_made_to_be_slow_is_not(piece: str) -> None:
    """The measure is a walk from name to name in a text as long. What is quadratic takes thousands of such walks; a
    row of names, each with two hundred letters looked at one by one for its value, took eight hundred."""
    text = (piece.replace("|", " ") * 60_000)[:60_000]
    names = 'pass="' * 10_000
    walk = min(cpu(lambda: deque(re.finditer("pass", names), maxlen=0)) for _ in range(3))
    assert cpu(lambda: find_secrets(text)) < 450 * walk
