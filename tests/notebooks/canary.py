# %% [markdown]
# # A canary
#
# Its last cell fails with an ExceptionGroup and shows nothing. A proof that lets it pass proves nothing.

# %%
print("ready")


# %%
async def fails():
    raise ExceptionGroup("two tasks", [ValueError("one"), ValueError("two")])


await fails()
