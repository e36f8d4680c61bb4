"""Orders of a small shop."""


def total(items):
    """The sum of the prices of all items."""
    return sum(item["price"] for item in items)


def cheapest(items):
    """The item with the lowest price, or None when there is none."""
    return min(items, key=lambda item: item["price"], default=None)


def by_customer(orders):
    """The orders of each customer, in the order in which they came."""
    found = {}
    for order in orders:
        found.setdefault(order["customer"], []).append(order)
    return found


def discount(price, percent):
    """The price after a discount, in whole cents."""
    return price - price * percent // 100


def in_stock(items, stock):
    """The items of which at least one is left."""
    return [item for item in items if stock.get(item["name"], 0) > 0]


def parse_item(line):
    name, price = line.split(",")
    return {"name": name, "price": int(price)}


def print_order(order):
    """Print the order's items, one a line."""
    for item in order["items"]:
        print(item["name"], item["price"])
