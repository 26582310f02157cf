"""`Playground`: a playground with a page."""

from typing import Any

from labkit.playground.model import Model


class Playground(Model):
    """A server, the answerer, the dials and the host's duties, to be tried out together.

        playground = Playground()              # the servers in the box, the embedded model
        playground = Playground(my_server)     # an MCPServer of your own; also a command, a URL
        playground                             # as the last line of a cell: the page

        @playground.callback                   # your own callback answers from the next sample on
        async def my_callback(context, params): ...

    In plain code: `playground.run()`, `playground.runs[-1].result`; `print(playground.code)` needs no playground.

    Args:
        server: A server of your own, which is then chosen at first: an `MCPServer`, `StdioServerParameters`, a URL.
        name: The playground's name. Of one name only one can be open: making the second closes the first and takes over
            its history.
        ask: Asks a human for the decision where `approval` is on, as `with_approval` takes it. A page brings its own.
        remember: Whether a page takes up the settings of last time, and in which folder these are kept: the usual one
            with `True`. Without a page nothing is read and nothing kept. A key and the code of a callback never are.
        connect_timeout: Seconds that a server has to answer; one that is first downloaded needs many.
    """

    _view: Any = None

    def close(self) -> None:
        """End what is under way, leave the server, and take the page away. More than once does no harm."""
        super().close()
        if self._view is not None:
            self._view.close()

    def _ipython_display_(self) -> None:
        self._page().show_placed()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._page()._repr_mimebundle_(**options)

    def _page(self) -> Any:
        from labkit.playground.view import PlaygroundView  # a script that draws nothing loads no widgets

        if self._view is None or self._view.comm is None:
            self._view = PlaygroundView(self)
        return self._view
