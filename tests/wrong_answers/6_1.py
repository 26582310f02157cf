"""Exercise 6.1: a policy that lets a harmless request pass and asks a person about the rest.

Harmless is what keeps every rule. A mistake has another rule in place of one of them.
"""

from labkit.host import AllowServer, Approve, Refuse, visible

TRUSTED = {"log-archiver"}
_met = set()


def _texts(params):
    return [params.system_prompt or "", *(message.content.text for message in params.messages)]


def _text(request):
    return "".join(_texts(request.params))


def _harmless(request, text=None, **other):
    """Whether a request keeps the rules; `text` where a mistake reads another text than all of it."""
    text = _text(request) if text is None else text
    rules = {
        "known": lambda: request.origin is not None and request.origin.server in TRUSTED,
        "tokens": lambda: request.params.max_tokens <= 200,
        "length": lambda: len(text) <= 1_000,
        "hidden": lambda: visible(text) == text,
        "instructions": lambda: "instructions" not in text.lower(),
    }
    return all(rule() for rule in (rules | other).values())


def _policy(request, ask, text=None, **other):
    return Approve() if _harmless(request, text, **other) else ask(request)


def a_part_of_the_name(request, ask):
    """Trusts every server whose name holds a trusted one.

    called "log-archiver-2", and it passed unseen
    """
    origin = request.origin
    return _policy(request, ask, known=lambda: origin is not None and any(name in origin.server for name in TRUSTED))


def answers_true(request, ask):
    """Returns True, which is no decision.

    my_policy returned True.
    """
    return _harmless(request) or ask(request)


def approves_always(request, ask):
    """Approves whatever comes.

    one of a server that is not in TRUSTED, and it passed unseen.
    """
    return Approve()


def ascii_only(request, ask):
    """Takes every letter of another script for a hidden one.

    None of them is hidden: ask visible().
    """
    return _policy(request, ask, hidden=lambda: _text(request).isascii())


def asks_about_the_parameters(request, ask):
    """Shows the person a part of the request.

    asked about something else than the request
    """
    return Approve() if _harmless(request) else ask(request.params)


def asks_always(request, ask):
    """Asks about everything.

    A person who is asked about everything reads nothing.
    """
    return ask(request)


def asks_twice(request, ask):
    """Asks a person twice about one request.

    you asked 2 times about it
    """
    if _harmless(request):
        return Approve()
    ask(request)
    return ask(request)


async def async_def(request, ask):
    """Writes `async` where nothing waits.

    my_policy is an `async def`
    """
    return _policy(request, ask)


def below_200(request, ask):
    """Takes the limit itself for too much.

    with max_tokens=200, and you asked about it
    """
    return _policy(request, ask, tokens=lambda: request.params.max_tokens < 200)


def case_matters(request, ask):
    """Looks for a word in the one case in which it was first seen.

    a message with "INSTRUCTIONS", and it passed unseen
    """
    return _policy(request, ask, instructions=lambda: "instructions" not in _text(request))


def counts_what_it_puts_between(request, ask):
    """Counts the line breaks with which it has joined the texts.

    and nothing that you put between them
    """
    return _policy(request, ask, "\n".join(_texts(request.params)))


def counts_words_not_characters(request, ask):
    """Counts words, where the limit is one of characters.

    one of 2,500 characters, and it passed unseen
    """
    return _policy(request, ask, length=lambda: len(_text(request).split()) <= 1_000)


def drops_what_is_said(request, ask):
    """Asks, and approves whatever the person says.

    Write `return ask(request)`.
    """
    if not _harmless(request):
        ask(request)
    return Approve()


def first_and_last_message_only(request, ask):
    """Reads the ends of a conversation.

    "instructions" in the second of three messages, and it passed unseen
    """
    texts = [message.content.text for message in request.params.messages]
    return _policy(request, ask, "".join([request.params.system_prompt or "", *texts[:1], *texts[1:][-1:]]))


def forgets_the_system_prompt(request, ask):
    """Reads the messages alone.

    a long system prompt, and it passed unseen
    """
    return _policy(request, ask, "".join(message.content.text for message in request.params.messages))


def hidden_in_messages_only(request, ask):
    """Looks for hidden letters in the messages alone.

    a zero-width space in the system prompt, and it passed unseen
    """
    texts = [message.content.text for message in request.params.messages]
    return _policy(request, ask, hidden=lambda: all(visible(text) == text for text in texts))


def last_message_only(request, ask):
    """Reads the last message and none before it.

    in the first of three messages, and it passed unseen
    """
    texts = _texts(request.params)
    return _policy(request, ask, texts[0] + texts[-1])


def lists_two_hidden_characters(request, ask):
    """Knows two hidden characters, and there are many.

    a row of soft hyphens, and it passed unseen
    """
    return _policy(request, ask, hidden=lambda: not {"\u200b", "\u202e"} & set(_text(request)))


def measures_each_text(request, ask):
    """Holds each text to the limit, and not all of them together.

    1,400 characters in two texts, and it passed unseen
    """
    return _policy(request, ask, length=lambda: max(map(len, _texts(request.params))) <= 1_000)


def needs_a_system_prompt(request, ask):
    """Finds fault with a request that has no system prompt.

    a request without a system prompt, and you asked about it
    """
    prompt = request.params.system_prompt or "instructions"
    return _policy(request, ask, "".join([prompt, *_texts(request.params)[1:]]))


def no_limit_of_tokens(request, ask):
    """Lets a server ask for as many tokens as it likes.

    with max_tokens=201, and it passed unseen
    """
    return _policy(request, ask, tokens=lambda: True)


def no_origin_is_fine(request, ask):
    """Trusts a request of which nobody knows who sent it.

    a request of which nobody knows who asks, and it passed unseen
    """
    return _policy(request, ask, known=lambda: request.origin is None or request.origin.server in TRUSTED)


def no_rule_on_instructions(request, ask):
    """Does not look for instructions.

    a message with "instructions", and it passed unseen
    """
    return _policy(request, ask, instructions=lambda: True)


def origin_for_granted(request, ask):
    """Takes it for granted that the origin is known.

    'NoneType' object has no attribute 'server'
    """
    return _policy(request, ask, known=lambda: request.origin.server in TRUSTED)


def refuses_itself(request, ask):
    """Refuses what a person should decide.

    without asking. A person decides on the rest.
    """
    return Approve() if _harmless(request) else Refuse()


def sees_nothing_hidden(request, ask):
    """Does not look for hidden letters.

    a zero-width space in the message, and it passed unseen
    """
    return _policy(request, ask, hidden=lambda: True)


def trusts_the_system_prompt(request, ask):
    """Looks for instructions in the messages alone.

    "instructions" in the system prompt, and it passed unseen
    """
    texts = [message.content.text for message in request.params.messages]
    return _policy(request, ask, instructions=lambda: all("instructions" not in text.lower() for text in texts))


def up_to_1098_characters(request, ask):
    """Holds the texts to a limit that is somewhat too high.

    texts of 1,001 characters in all, and it passed unseen
    """
    return _policy(request, ask, length=lambda: len(_text(request)) < 1_099)


def user_messages_only(request, ask):
    """Reads what the user said, as if a server could not write the assistant's part too.

    "instructions" in a message of the assistant, and it passed unseen
    """
    texts = [message.content.text for message in request.params.messages if message.role == "user"]
    return _policy(request, ask, "".join([request.params.system_prompt or "", *texts]))


def a_name_in_capitals(request, ask):
    """Lowers the case of a name, and a name is another one then.

    called "Log-Archiver", and it passed unseen
    """
    origin = request.origin
    return _policy(request, ask, known=lambda: origin is not None and origin.server.lower() in TRUSTED)


def a_part_of_a_trusted_name(request, ask):
    """Looks for the name in a string, where a set of names was given.

    called "archiver", and it passed unseen
    """
    origin = request.origin
    return _policy(request, ask, known=lambda: origin is not None and origin.server in "log-archiver")


def answers_pass(request, ask):
    """Lets every answer pass, whatever it answers.

    the answer to a request with "instructions", and it passed unseen
    """
    return Approve() if request.answer else _policy(request, ask)


def any_word_like_it(request, ask):
    """Asks about every word that begins as `instructions` does.

    a message with "instruction", and you asked about it
    """
    return _policy(request, ask, instructions=lambda: "instruct" not in _text(request).lower())


def asks_for_each_rule(request, ask):
    """Asks anew for each rule that is broken.

    one that breaks all five rules, and you asked
    """
    decision = Approve()
    for rule in (
        {"known": lambda: True, "tokens": lambda: True},
        {"length": lambda: True, "hidden": lambda: True, "instructions": lambda: True},
    ):
        if not _harmless(request, **rule):
            decision = ask(request)
    return decision


def bytes_not_characters(request, ask):
    """Counts the bytes of the texts.

    We sent 900 umlauts, and you asked about it.
    """
    return _policy(request, ask, length=lambda: len(_text(request).encode()) <= 1_000)


def changes_the_request(request, ask):
    """Makes the system prompt a message, in the request itself.

    my_policy changed the request: messages
    """
    request.params.messages.append(request.params.messages[0] if request.params.messages else None)
    return _policy(request, ask, "")


def lets_the_server_pass(request, ask):
    """Lets the server pass for good, where one request is to pass.

    you returned AllowServer()
    """
    return AllowServer() if _harmless(request) else ask(request)


def looks_for_an_order(request, ask):
    """Looks for the words of one attack.

    "The instructions stand below", and it passed unseen
    """
    text = _text(request).lower()
    return _policy(request, ask, instructions=lambda: "ignore" not in text and "instructions:" not in text)


def the_first_and_the_last_text_count(request, ask):
    """Adds up two texts, where there may be more.

    1,050 characters in three messages, and it passed unseen
    """
    texts = _texts(request.params)
    ends = (texts[0] + texts[-1], *texts)
    return _policy(request, ask, length=lambda: max(map(len, ends)) <= 1_000)


def trusts_whom_it_asked_about(request, ask):
    """Trusts a server once a person was asked about it.

    a second one of the server that is not in TRUSTED, and it passed unseen
    """
    origin = request.origin
    decision = _policy(request, ask, known=lambda: origin is not None and origin.server in TRUSTED | _met)
    if origin and origin.server == "helpful-tools":
        _met.add(origin.server)
    return decision


def there_is_a_message(request, ask):
    """Takes it for granted that a request holds a message.

    Your function raised IndexError
    """
    request.params.messages[-1]
    return _policy(request, ask)


def without_spaces(request, ask):
    """Strips each text before it is counted.

    a line and 1,000 spaces, and it passed unseen
    """
    return _policy(request, ask, length=lambda: sum(len(text.strip()) for text in _texts(request.params)) <= 1_000)
