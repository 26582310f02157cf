# %% [markdown]
# # The playground
#
# One cell opens the whole lab: a server, its tools, who answers, the dials, your duties as a host, and every message in
# view. Run the cell with **Shift + Enter**, then press **Run**.

# %%
from labkit import Playground

playground = Playground()
playground

# %% [markdown] tags=["until-run"]
# *A picture of the page after one run, with a message opened. Run the cell, and the page itself stands here.*
#
# ![The playground after one run: form, dials and duties on the left, the flow and the result on the right](../docs/playground.png)

# %% [markdown]
# | to see | do |
# |---|---|
# | what a dial changes | turn **temperature** up and press **Run ×10**: answers that are alike stand together |
# | both revisions of the protocol | choose **both**, Run, and compare the two flows |
# | what a human in the loop sees | tick **Ask me first**, Run |
# | a model that uses a server's tools | choose the server *research assistant*, its tool **investigate**, SmolLM2, tick **Tools**, Run |
# | what it is like to be the model | choose **you, by hand**, Run, and type the answer |
# | the same without the playground | *Code*: a program of plain `mcp` that you can keep |
#
# Click a step of the flow to read its JSON. *History* saves your runs as JSON, Mermaid or a page of HTML.
#
# Your settings are there again after a restart, without keys; `Playground(remember=False)` keeps none.

# %% [markdown]
# `Playground(my_server)` opens it on an `MCPServer` of your own. A command or a URL goes in at *Server*.
#
# ## Without the page
#
# What the page does can be done in code too, and `print(playground.code)` is that code.

# %%
playground.wait()  # until it is connected
playground.run()
playground.wait()
print(playground.runs[-1].flow)

# %% [markdown]
# ## Your own callback
#
# Run this cell, and your function answers from the next sample on: it is chosen above as *your callback*. Change it and run it
# again: the playground goes on with the new one.

# %%
from labkit import TinyModel

model = TinyModel()


@playground.callback
async def my_callback(context, params):
    likeliest = params.model_copy(update={"temperature": 0.0})
    return await model(context, likeliest)
