"""careful is a plain function"""


def careful(model, context, params):
    return model(context, params)
