"""Operations on a dictionary from names to whole numbers."""

from __future__ import annotations

from pipeline.demo.world.operation import Operation, whole

NAMES = ("ann", "bob", "eve", "max", "zoe")
LIMITS = (3, 4, 5, 6, 7)

# fmt: off
# (a table: one operation a paragraph reads better than one string a line)
CHANGES: tuple[Operation, ...] = (
    whole("entries_above", "table", "table",
          ["{n: x for n, x in {v}.items() if x > {k}}", "{n: {v}[n] for n in {v} if {v}[n] > {k}}"],
          ["keep the entries with a value greater than {k}", "select the entries whose value is above {k}"],
          ["filtering", "dictionary iteration"], ["entries_above", "above"], LIMITS,
          ["{n: x for n, x in {v}.items() if x >= {k}}"], trap=True),
    whole("entries_at_least", "table", "table",
          ["{n: x for n, x in {v}.items() if x >= {k}}", "{n: {v}[n] for n in {v} if {v}[n] >= {k}}"],
          ["keep the entries with a value of at least {k}", "select the entries whose value is {k} or more"],
          ["filtering", "dictionary iteration"], ["entries_from", "at_least"], LIMITS,
          ["{n: x for n, x in {v}.items() if x > {k}}"]),
    whole("raise_values", "table", "table",
          ["{n: x + {k} for n, x in {v}.items()}", "{n: {v}[n] + {k} for n in {v}}"],
          ["add {k} to each value", "increase every value by {k}"],
          ["dictionary comprehension", "addition"], ["raise_values", "add_to_values"], (1, 2, 3, 5)),
    whole("scale_values", "table", "table",
          ["{n: x * {k} for n, x in {v}.items()}", "{n: {v}[n] * {k} for n in {v}}"],
          ["multiply each value by {k}", "scale every value by {k}"],
          ["dictionary comprehension", "multiplication"], ["scale_values", "times_values"], (2, 3, 10)),
    whole("drop_name", "table", "table",
          ["{n: x for n, x in {v}.items() if n != '{k}'}", "{n: {v}[n] for n in {v} if n != '{k}'}"],
          ["remove the entry of '{k}'", "drop the key '{k}' if it is there"],
          ["removal", "dictionary iteration"], ["drop_name", "without_key"], NAMES,
          ["{n: x for n, x in {v}.items() if n == '{k}'}"]),
    whole("upper_names", "table", "table",
          ["{n.upper(): x for n, x in {v}.items()}", "{n.upper(): {v}[n] for n in {v}}"],
          ["convert the keys to upper case", "write every key in capitals"],
          ["case conversion", "dictionary comprehension"], ["upper_names", "upper_keys"]),
)

SUMMARIES: tuple[Operation, ...] = (
    whole("value_total", "table", "int", ["sum({v}.values())", "sum({v}[n] for n in {v})"],
          ["sum the values", "compute the total of all values"],
          ["summation", "dictionary iteration"], ["value_total", "sum_values"],
          loop=["{o} = 0", "for x in {v}.values():", "    {o} += x"]),
    whole("top_value", "table", "int",
          ["max({v}.values(), default=0)", "max([{v}[n] for n in {v}], default=0)"],
          ["find the largest value, or 0 for an empty dictionary", "return the maximum of the values, or 0"],
          ["minimum and maximum", "dictionary iteration"], ["top_value", "highest_value"],
          bugs=["min({v}.values(), default=0)"]),
    whole("entry_count", "table", "int", ["len({v})", "sum(1 for n in {v})"],
          ["count the entries", "return the number of keys"],
          ["counting", "length"], ["entry_count", "how_many"]),
    whole("value_of", "table", "int", ["{v}.get('{k}', 0)", "{v}['{k}'] if '{k}' in {v} else 0"],
          ["look up '{k}', with 0 if it is missing", "return the value of '{k}', or 0"],
          ["dictionary lookup", "default values"], ["value_of", "look_up"], NAMES,
          ["{v}.get('{k}', 1)"]),
    whole("has_name", "table", "flag", ["'{k}' in {v}", "{v}.get('{k}') is not None"],
          ["check whether '{k}' is a key", "tell if there is an entry for '{k}'"],
          ["membership test", "dictionary lookup"], ["has_name", "knows"], NAMES),
    whole("best_name", "table", "text",
          ["max({v}, key={v}.get, default='')", "sorted({v}, key={v}.get, reverse=True)[0] if {v} else ''"],
          ["find the key with the largest value, or ''", "return the name with the highest value, or ''"],
          ["minimum and maximum", "dictionary lookup"], ["best_name", "winner", "leader"],
          bugs=["max({v}, default='')"], trap=True),
    whole("worst_name", "table", "text",
          ["min({v}, key={v}.get, default='')", "sorted({v}, key={v}.get)[0] if {v} else ''"],
          ["find the key with the smallest value, or ''", "return the name with the lowest value, or ''"],
          ["minimum and maximum", "dictionary lookup"], ["worst_name", "loser"],
          bugs=["min({v}, default='')"]),
    whole("names_sorted", "table", "words", ["sorted({v})", "sorted({v}.keys())"],
          ["list the keys in alphabetical order", "return the sorted names"],
          ["sorting", "dictionary iteration"], ["names_sorted", "key_list"], bugs=["list({v})"], trap=True),
    whole("names_by_value", "table", "words",
          ["sorted({v}, key={v}.get)", "sorted({v}, key=lambda n: {v}[n])"],
          ["list the keys from the smallest value to the largest", "order the names by rising value"],
          ["sorting", "dictionary lookup"], ["names_by_value", "rank_names"],
          bugs=["sorted({v})"], trap=True),
    whole("values", "table", "ints", ["list({v}.values())", "[{v}[n] for n in {v}]"],
          ["list the values", "return the values in order"],
          ["dictionary iteration", "lists"], ["value_list", "values_of"],
          loop=["{o} = []", "for n in {v}:", "    {o}.append({v}[n])"]),
)
# fmt: on

OPERATIONS = CHANGES + SUMMARIES
