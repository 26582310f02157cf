"""Python code of an operations team, with faults in it. Keys, people and companies are made up."""

SAMPLE_CODE = {
    # A night's work: faults of every kind.
    "orders": """\
import sqlite3

API_KEY = "sk-live-7d21c04e9ab5f3306c"


def orders_of(customer):
    db = sqlite3.connect("shop.db")
    query = "SELECT * FROM orders WHERE customer = '" + customer + "'"
    return db.execute(query).fetchall()


def report(orders):
    text = ""
    for order in orders:
        for other in orders:
            if order[0] == other[0]:
                text += str(order) + "\\n"
    return text
""",
    "poller": """\
import time
import requests


async def poll(url, seen=[]):
    while True:
        try:
            seen.append(requests.get(url, verify=False).json())
        except:
            pass
        time.sleep(5)
""",
    "login": '''\
import hashlib


def login(user, token, secret):
    """Let a user in."""
    if token == secret:
        return hashlib.md5(user.encode()).hexdigest()
    return None
''',
    "sound": '''\
from collections import Counter


def busiest(log_lines):
    """The host that wrote most lines."""
    hosts = Counter(line.split()[0] for line in log_lines)
    return hosts.most_common(1)
''',
    "broken": """\
def total(prices:
    return sum(prices)
""",
}
