"""Exercise 14.2: what each student of a class asked for and spent."""


def _rows(spans, prices, *, is_try=None, model=None, cost=None, whose=None):
    rows = {}
    for span in spans:
        told = span.attributes
        lab = whose(told) if whose else told.get("labkit.lab")
        if lab is None:
            continue
        row = rows.setdefault(lab, {"samples": 0, "tries": 0, "usd": 0.0, "unknown": 0})
        row["samples"] += span.name == "sampling/createMessage"
        if not (is_try or _is_try)(span):
            continue
        row["tries"] += 1
        usd = (cost or _cost)(told, prices.get((model or _model)(told)))
        row["unknown"] += usd is None
        row["usd"] += usd or 0.0
    return rows


def _is_try(span):
    return span.attributes.get("gen_ai.operation.name") == "chat"


def _model(told):
    return told.get("gen_ai.response.model") or told.get("gen_ai.request.model")


def _tokens(told):
    return told.get("gen_ai.usage.input_tokens"), told.get("gen_ai.usage.output_tokens")


def _cost(told, price):
    given, taken = _tokens(told)
    return None if price is None or given is None or taken is None else (given * price[0] + taken * price[1]) / 1e6


def nothing(spans, prices):
    """Forgets to return.

    returned nothing (is a `return` missing?)
    """
    _rows(spans, prices)


def a_list(spans, prices):
    """Returns a list of rows.

    returned a list.
    """
    return [{"student": lab, **row} for lab, row in _rows(spans, prices).items()]


def only_what_was_answered(spans, prices):
    """Leaves out the tries that failed.

    first two tries failed, and took tokens all the same, and of ada "tries" is 1
    """
    return _rows(spans, prices, is_try=lambda span: _is_try(span) and "error.type" not in span.attributes)


def failed_ones_are_free(spans, prices):
    """Counts the tries that failed, and takes them for free.

    took tokens all the same, and of ada "usd" is
    """
    return _rows(spans, prices, cost=lambda told, price: 0.0 if "error.type" in told else _cost(told, price))


def failed_ones_are_unknown(spans, prices):
    """Takes the price of a failed try for unknown, as no model answered.

    took tokens all the same, and of ada "unknown" is 2
    """
    return _rows(spans, prices, model=lambda told: told.get("gen_ai.response.model"))


def no_price_is_free(spans, prices):
    """Takes a model without a price for free.

    of which one has no price and one is free, and of ada "unknown" is 0
    """
    return _rows(spans, prices, cost=lambda told, price: _cost(told, price or (0, 0)))


def free_is_unknown(spans, prices):
    """Takes a model that is free for one without a price.

    of which one has no price and one is free, and of ada "unknown" is 2
    """
    return _rows(spans, prices, cost=lambda told, price: _cost(told, price) or None)


def untold_is_zero(spans, prices):
    """Takes tokens that nobody told for none.

    told no tokens, half of them, and none, and of ada "unknown" is 0
    """
    return _rows(
        spans,
        prices,
        cost=lambda told, price: _cost(
            {"gen_ai.usage.input_tokens": 0} | {"gen_ai.usage.output_tokens": 0} | dict(told), price
        ),
    )


def zero_is_untold(spans, prices):
    """Takes no tokens for tokens that nobody told.

    told no tokens, half of them, and none, and of ada "unknown" is 4
    """
    return _rows(spans, prices, cost=lambda told, price: _cost(told, price) if all(_tokens(told)) else None)


def by_what_was_asked_for(spans, prices):
    """Bills the model that was asked for, and not the one that answered.

    asked for by another name than it answered by, and of ada "usd" is 0.00015
    """
    return _rows(spans, prices, model=lambda told: told.get("gen_ai.request.model"))


def all_operations(spans, prices):
    """Takes each span with an operation for a try.

    who asked once, and of ada "tries" is 2
    """
    return _rows(spans, prices, is_try=lambda span: "gen_ai.operation.name" in span.attributes)


def all_with_tokens(spans, prices):
    """Takes each span with tokens for a try.

    told no tokens, half of them, and none, and of ada "tries" is 3
    """
    return _rows(spans, prices, is_try=lambda span: any(name.startswith("gen_ai.usage") for name in span.attributes))


def a_sum_counts_too(spans, prices):
    """Counts a framework's sum of tokens as one more try.

    tells the sum once more, and of ada "tries" is 3
    """
    return _rows(
        spans, prices, is_try=lambda span: span.attributes.get("gen_ai.operation.name") in ("chat", "invoke_agent")
    )


def a_server_pays(spans, prices):
    """Makes a row for spans that belong to no student.

    there are rows for
    """
    return _rows(spans, prices, whose=lambda told: told.get("labkit.lab", "nobody"))


def everybody_samples(spans, prices):
    """Counts a sample for each try.

    answered from what was kept, and of ada "samples" is 1
    """
    rows = _rows(spans, prices)
    return {lab: {**row, "samples": row["tries"]} for lab, row in rows.items()}


def for_a_thousand(spans, prices):
    """Takes the prices for those of a thousand tokens.

    who asked once, and of ada "usd" is 0.2
    """
    return _rows(
        spans, prices, cost=lambda told, price: None if _cost(told, price) is None else 1e3 * _cost(told, price)
    )


def the_other_way(spans, prices):
    """Takes the price of what comes out for what goes in.

    who asked once, and of ada "usd" is 0.00052
    """
    return _rows(spans, prices, cost=lambda told, price: _cost(told, price and price[::-1]))
