"""Exercise 2.6: a factory of callbacks that ask the Chat Completions API at an address."""

import httpx2
from mcp.types import CreateMessageResult, CreateMessageResultWithTools, ErrorData, TextContent

REASONS = {"stop": "endTurn", "length": "maxTokens"}
BROKEN = "The model gave no answer."


def _turns(params):
    prompt = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    return prompt + [
        {"role": message.role, "content": "\n".join(block.text for block in message.content_as_list)}
        for message in params.messages
    ]


def _fault(params):
    blocks = [block for message in params.messages for block in message.content_as_list]
    if params.tools or params.tool_choice or any(block.type != "text" for block in blocks):
        return "I read text alone."
    return "" if params.messages and params.max_tokens > 0 else "Ask something, for at least 1 token."


async def _post(base_url, params, turns=_turns, path="/v1/chat/completions", **changes):
    body = {"model": "any", "messages": turns(params), "max_tokens": params.max_tokens} | changes
    async with httpx2.AsyncClient() as client:
        response = await client.post(base_url + path, json=body)
        return response.raise_for_status().json()


def _answer(reply, reasons=REASONS):
    choice = reply["choices"][0]
    if not choice["message"]["content"] and choice["finish_reason"] == "stop":
        return ErrorData(code=-32603, message="The model said nothing.")
    return CreateMessageResult(
        role="assistant",
        model=reply["model"],
        content=TextContent(text=choice["message"]["content"] or ""),
        stop_reason=reasons.get(choice["finish_reason"], choice["finish_reason"]),
    )


def _made(base_url, fault=_fault, answer=_answer, told=lambda error: BROKEN, **how):
    """A callback; a mistake does one of its parts in another way."""

    async def callback(context, params):
        if words := fault(params):
            return ErrorData(code=-32602, message=words)
        try:
            return answer(await _post(base_url, params, **how))
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            return ErrorData(code=-32603, message=told(error))

    return callback


def makes_nothing(base_url):
    """Defines the callback and does not return it.

    The factory returned nothing: its last line is `return` and the name of the callback.
    """
    _made(base_url)


def asks_with_the_last_message(base_url):
    """Sends the last message alone.

    'What is a deadlock?' of the user is not in its place.
    """
    return _made(base_url, turns=lambda params: _turns(params)[-1:])


def forgets_v1(base_url):
    """Leaves out a part of the path, which this stand-in forgives and a server of models does not.

    and asked for /chat/completions there. Post to base_url and /v1/chat/completions.
    """
    return _made(base_url, path="/chat/completions")


def adds_v1_twice(base_url):
    """Takes a part of the path for a part of base_url as well.

    It asked for /v1/v1/chat/completions, where nothing is.
    """
    return _made(f"{base_url}/v1")


def answers_in_a_list(base_url):
    """Hands on a list, as the API has it, where a server takes one block.

    A list of one block
    """

    def listed(reply):
        if isinstance(answer := _answer(reply), ErrorData):
            return answer
        return CreateMessageResultWithTools.model_validate(answer.model_dump() | {"content": [answer.content]})

    return _made(base_url, answer=listed)


def forgets_the_system_prompt(base_url):
    """Sends the messages and no more.

    The provider was not sent the words of the system prompt.
    """
    return _made(base_url, turns=lambda params: [turn for turn in _turns(params) if turn["role"] != "system"])


def has_a_limit_of_its_own(base_url):
    """Sends a limit of its own, whatever the request says.

    An answer of 13 words, where at most 1 token was asked for.
    """
    return _made(base_url, max_tokens=4096)


def keeps_the_word_of_the_api(base_url):
    """Hands the finish_reason on as it is.

    An answer with the stop reason "length".
    """
    return _made(base_url, answer=lambda reply: _answer(reply, {"stop": "endTurn"}))


def tells_what_the_provider_said(base_url):
    """Hands the provider's own words on to the server.

    What the provider said of its fault went out to the server, word for word.
    """

    async def callback(context, params):
        async with httpx2.AsyncClient() as client:
            response = await client.post(f"{base_url}/v1/chat/completions", json={"messages": _turns(params)})
        return ErrorData(code=-32603, message=response.text)

    async def asked(context, params):
        try:
            answer = await _made(base_url, told=lambda error: "")(context, params)
            return answer if not isinstance(answer, ErrorData) or answer.message else await callback(context, params)
        except httpx2.HTTPError:
            return ErrorData(code=-32603, message=BROKEN)

    return asked


def answers_with_the_error(base_url):
    """Says that it failed in an answer, which the server files.

    An error in an answer's place
    """

    async def callback(context, params):
        answer = await _made(base_url)(context, params)
        if isinstance(answer, ErrorData) and answer.code == -32603:
            sorry = TextContent(text="Sorry, something went wrong.")
            return CreateMessageResult(role="assistant", model="any", content=sorry, stop_reason="error")
        return answer

    return callback


def lets_the_error_out(base_url):
    """Catches what is no JSON, and not what HTTP does.

    HTTPStatusError
    """

    async def callback(context, params):
        if words := _fault(params):
            return ErrorData(code=-32602, message=words)
        try:
            return _answer(await _post(base_url, params))
        except ValueError:
            return ErrorData(code=-32603, message=BROKEN)

    return callback


def takes_a_good_status_for_an_answer(base_url):
    """Reads the reply without a look at whether it is one.

    KeyError: 'choices'
    """

    async def callback(context, params):
        if words := _fault(params):
            return ErrorData(code=-32602, message=words)
        try:
            reply = await _post(base_url, params)
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=-32603, message=BROKEN)
        return _answer(reply)

    return callback


def refuses_nothing(base_url):
    """Sends whatever comes, also what is no text.

    AttributeError
    """
    return _made(base_url, fault=lambda params: "")


def takes_what_is_not_there(base_url):
    """Takes the text for a text where the model said nothing.

    'NoneType' object has no attribute 'strip'
    """

    def answer(reply):
        choice = reply["choices"][0]
        text = choice["message"]["content"].strip()
        return CreateMessageResult(
            role="assistant",
            model=reply["model"],
            content=TextContent(text=text),
            stop_reason=REASONS.get(choice["finish_reason"], choice["finish_reason"]),
        )

    return _made(base_url, answer=answer)


def blames_the_request(base_url):
    """Refuses with the code for a faulty request where the API is at fault.

    the code of the refusal was -32602. Your side failed, so it is -32603.
    """

    async def callback(context, params):
        answer = await _made(base_url)(context, params)
        return ErrorData(code=-32602, message=answer.message) if isinstance(answer, ErrorData) else answer

    return callback


def asks_the_api_of_ollama(base_url):
    """Asks at an address that Chat Completions does not have.

    and asked for /api/chat there.
    """
    return _made(base_url, path="/api/chat")


def has_a_model_of_its_own(base_url, model="llama3.2"):
    """Asks for one model, whatever it is given.

    and asked for the model 'any'.
    """
    return _made(base_url)


def leaves_the_cutting_to_itself(base_url):
    """Asks for an answer of any length, and cuts what comes.

    the API was asked for 100 tokens.
    """

    def answer(reply):
        told = _answer(reply)
        if isinstance(told, CreateMessageResult) and told.content.text.startswith("You said"):
            told.content.text, told.stop_reason = "You", "maxTokens"
        return told

    return _made(base_url, answer=answer, max_tokens=100)


async def is_awaited_by_nobody(base_url):
    """Takes the factory for the callback.

    make is `async def`, and nobody awaits it.
    """
    return _made(base_url)


def calls_what_it_made(base_url):
    """Calls the callback in place of returning it.

    missing 2 required positional arguments: 'context' and 'params'. Let `def make
    """
    return _made(base_url)()
