"""The button that says whether a click reaches Python, without a browser."""

from labkit import click_me


def test_a_click_turns_the_buttons_own_text_to_ok_and_it_is_stored_without_an_address() -> None:
    button = click_me()
    assert (button.said, repr(button)) == ("Click me", "<button: Click me>")
    button._handle_custom_msg({"click": True}, [])
    assert button.said == "[OK] Your click has reached Python"
    bundle = button._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == "<button: [OK] Your click has reached Python>"
    button.close()
