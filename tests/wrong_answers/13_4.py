"""Exercise 13.4: a file for VS Code, without the secret."""

import json
import os


def _file(command, url, *, header="Bearer ${input:desk-token}", servers="servers", args=None, **more):
    """A file as it should be, but for what a mistake hands in."""
    token = {"id": "desk-token", "type": "promptString", "description": "The token of the desk", "password": True}
    token |= more.get("token", {})
    started = {"type": "stdio", "command": command[0], "args": command[1:] if args is None else args}
    reached = {"type": more.get("http", "http"), "url": url, "headers": {"Authorization": header}}
    return {servers: {"desk": started, "shared-desk": reached}, "inputs": [token]}


def a_dictionary(command, url):
    """Returns the dictionary, where the file is a text.

    configuration returned a dict.
    """
    return _file(command, url)


def forgets_to_return(command, url):
    """Writes the text and lets it go.

    configuration returned nothing.
    """
    json.dumps(_file(command, url))


def the_secret_itself(command, url):
    """Writes the token into the file.

    The token of your environment stands in the file
    """
    return json.dumps(_file(command, url, header=f"Bearer {os.environ['DESK_TOKEN']}"))


def by_hand(command, url):
    """Puts the JSON together by itself, and a path of Windows breaks it.

    The text in the file: Invalid JSON
    """
    args = ", ".join(f'"{word}"' for word in command[1:])
    return (
        f'{{"servers": {{"desk": {{"type": "stdio", "command": "{command[0]}", "args": [{args}]}}, '
        f'"shared-desk": {{"type": "http", "url": "{url}", "headers": {{"Authorization": '
        '"Bearer ${input:desk-token}"}}}, "inputs": [{"id": "desk-token", "type": "promptString", '
        '"description": "The token", "password": true}]}'
    )


def of_another_host(command, url):
    """Writes the key that other hosts have.

    servers in the file: Field required.
    """
    return json.dumps(_file(command, url, servers="mcpServers"))


def one_line(command, url):
    """Writes the whole command as one text.

    The host would start ['python desk.py --folder reports']
    """
    return json.dumps(_file([" ".join(command)], url))


def arguments_in_a_text(command, url):
    """Writes the arguments as one text.

    servers.desk.stdio.args in the file: Input should be a valid
    """
    return json.dumps(_file(command, url, args=" ".join(command[1:])))


def another_type(command, url):
    """Names the transport as it is called elsewhere.

    does not match any of the expected tags
    """
    return json.dumps(_file(command, url, http="streamable-http"))


def starts_one_alone(command, url):
    """Leaves the desk at the address out.

    The file has 1 servers of the type stdio and 0 of the type http.
    """
    file = _file(command, url)
    del file["servers"]["shared-desk"]
    return json.dumps(file)


def its_own_address(command, url):
    """Calls an address of its own.

    The host would call 'http://127.0.0.1:8000/mcp'
    """
    return json.dumps(_file(command, "http://127.0.0.1:8000/mcp"))


def no_bearer(command, url):
    """Sends the token without a word before it.

    The header Authorization is '${input:desk-token}'.
    """
    return json.dumps(_file(command, url, header="${input:desk-token}"))


def an_input_of_another_name(command, url):
    """Names an input that there is not.

    The header names the input 'token', and "inputs" has 0 of that id.
    """
    return json.dumps(_file(command, url, header="Bearer ${input:token}"))


def for_all_to_see(command, url):
    """Shows the token while it is typed.

    The token would stand on the screen
    """
    return json.dumps(_file(command, url, token={"password": False}))


def without_a_description(command, url):
    """Does not say what is to be typed.

    inputs.0.description in the file: Field required.
    """
    file = _file(command, url)
    del file["inputs"][0]["description"]
    return json.dumps(file)
