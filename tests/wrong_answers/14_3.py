"""Exercise 14.3: a span around each request to a model."""

from opentelemetry.trace import SpanKind, StatusCode

REQUEST = ("model", "max_tokens", "temperature")
QUIET = {"record_exception": False, "set_status_on_exception": False}
TOKENS = {"prompt_tokens": "gen_ai.usage.input_tokens", "completion_tokens": "gen_ai.usage.output_tokens"}


def _asked(body, provider):
    told = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider}
    return told | {f"gen_ai.request.{name}": body[name] for name in REQUEST if name in body}


def _answered(span, reply):
    if reply.get("model"):
        span.set_attribute("gen_ai.response.model", reply["model"])
    if reply.get("choices"):
        span.set_attribute("gen_ai.response.finish_reasons", [reply["choices"][0]["finish_reason"]])
    for key, name in TOKENS.items():
        if key in (reply.get("usage") or {}):
            span.set_attribute(name, reply["usage"][key])


def _failed(span, error):
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", type(error).__name__)


def _traced(post, tracer, provider, *, asked=_asked, answered=_answered, failed=_failed, name="chat {}", **options):
    options = {"kind": SpanKind.CLIENT, **QUIET} | options

    async def post_with_span(body):
        with tracer.start_as_current_span(
            name.format(body["model"]), attributes=asked(body, provider), **options
        ) as span:
            try:
                reply = await post(body)
            except Exception as error:
                failed(span, error)
                raise
            answered(span, reply)
            return reply

    return post_with_span


def forgets_to_return(post, tracer, provider):
    """Does not return what it made.

    traced returned nothing
    """
    _traced(post, tracer, provider)


def no_span(post, tracer, provider):
    """Makes no span.

    and no span was begun
    """
    return post


def never_ends(post, tracer, provider):
    """Begins a span that nobody ends.

    a span was begun and never ended
    """

    async def post_with_span(body):
        tracer.start_span(f"chat {body['model']}", kind=SpanKind.CLIENT)
        return await post(body)

    return post_with_span


def one_for_all(post, tracer, provider):
    """Makes one span for all requests.

    while a span was open, and yours is no child of it
    """
    span = tracer.start_span("chat llama3.2", kind=SpanKind.CLIENT)

    async def post_with_span(body):
        reply = await post(body)
        _answered(span, reply)
        span.end()
        return reply

    return post_with_span


def not_current(post, tracer, provider):
    """Makes a span that is not the current one while it waits.

    another span was the current one
    """

    async def post_with_span(body):
        span = tracer.start_span(f"chat {body['model']}", kind=SpanKind.CLIENT, attributes=_asked(body, provider))
        try:
            reply = await post(body)
            _answered(span, reply)
            return reply
        finally:
            span.end()

    return post_with_span


def named_after_the_api(post, tracer, provider):
    """Calls the span after the path of the API.

    the span is called 'POST /v1/chat/completions'
    """
    return _traced(post, tracer, provider, name="POST /v1/chat/completions")


def inside(post, tracer, provider):
    """Leaves out the kind.

    the span's kind is INTERNAL, not CLIENT
    """
    return _traced(post, tracer, provider, kind=SpanKind.INTERNAL)


def with_the_prompt(post, tracer, provider):
    """Writes down what was asked.

    stands the prompt (prompt)
    """
    return _traced(
        post,
        tracer,
        provider,
        asked=lambda body, provider: _asked(body, provider) | {"prompt": str(body["messages"])[:80]},
    )


def with_the_answer(post, tracer, provider):
    """Writes down what was answered, as an event.

    stands the answer (an event)
    """

    def answered(span, reply):
        _answered(span, reply)
        span.add_event("answer", {"choices": str(reply.get("choices"))})

    return _traced(post, tracer, provider, answered=answered)


def as_it_comes(post, tracer, provider):
    """Lets OpenTelemetry write down the error.

    `post` raised ApiError, and in the span stands the
    """
    return _traced(post, tracer, provider, record_exception=True, set_status_on_exception=True)


def the_error_as_status(post, tracer, provider):
    """Writes the error's text into the status.

    with it a key (its status)
    """

    def failed(span, error):
        _failed(span, error)
        span.set_status(StatusCode.ERROR, str(error).partition("with key ")[2])

    return _traced(post, tracer, provider, failed=failed)


def none_for_what_is_missing(post, tracer, provider):
    """Writes 0 for tokens that nobody told.

    has gen_ai.usage.input_tokens = 0. Nobody told
    """

    def answered(span, reply):
        _answered(span, reply)
        for key, name in TOKENS.items():
            span.set_attribute(name, (reply.get("usage") or {}).get(key, 0))

    return _traced(post, tracer, provider, answered=answered)


def zero_is_nothing(post, tracer, provider):
    """Leaves out what is 0.

    the span has no gen_ai.request.temperature. It should be 0
    """
    return _traced(
        post,
        tracer,
        provider,
        asked=lambda body, provider: {name: value for name, value in _asked(body, provider).items() if value},
    )


def a_reason_alone(post, tracer, provider):
    """Writes the finish reason as a text, and not as a list of them.

    gen_ai.response.finish_reasons is 'stop', not ['stop']
    """

    def answered(span, reply):
        _answered(span, reply)
        if reply.get("choices"):
            span.set_attribute("gen_ai.response.finish_reasons", reply["choices"][0]["finish_reason"])

    return _traced(post, tracer, provider, answered=answered)


def older_names(post, tracer, provider):
    """Uses the names of older conventions.

    the span has no gen_ai.provider.name
    """

    def asked(body, provider):
        told = _asked(body, provider)
        return {"gen_ai.system": told.pop("gen_ai.provider.name"), **told}

    return _traced(post, tracer, provider, asked=asked)


def needs_usage(post, tracer, provider):
    """Expects a usage in each reply.

    We called it with a question, and the reply tells no usage
    """

    def answered(span, reply):
        _answered(span, reply)
        for key, name in TOKENS.items():
            span.set_attribute(name, reply["usage"][key])

    return _traced(post, tracer, provider, answered=answered)


def needs_a_model(post, tracer, provider):
    """Expects that each reply names its model.

    We called it with a question, and the reply is an error in JSON
    """

    def answered(span, reply):
        _answered(span, reply)
        span.set_attribute("gen_ai.response.model", reply["model"])

    return _traced(post, tracer, provider, answered=answered)


def swallows(post, tracer, provider):
    """Keeps the error to itself.

    has to learn of it: raise it again
    """
    asking = _traced(post, tracer, provider)

    async def post_with_span(body):
        try:
            return await asking(body)
        except Exception:
            return {"error": "the model gave no answer"}

    return post_with_span


def an_error_that_is_none(post, tracer, provider):
    """Does not say that it failed.

    its status is UNSET and error.type None
    """
    return _traced(post, tracer, provider, failed=lambda span, error: None)


def the_words_alone(post, tracer, provider):
    """Returns the answer's text in place of the reply.

    hand the reply on as it is
    """
    asking = _traced(post, tracer, provider)

    async def post_with_span(body):
        return (await asking(body))["choices"][0]["message"]["content"]

    return post_with_span
