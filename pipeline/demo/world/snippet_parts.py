"""The vocabulary and the line templates that `snippets.py` writes functions with.

Slots: {a} {b} variables in reach; {n} {m} {o} new variables; {x} a loop variable; {f} {f2}
attribute names; {g} {g2} function names; {s} {s2} strings; {i} a number; {t} {t2} types; {op} a
comparison.
"""

from __future__ import annotations

from pipeline.demo.world.vocabulary import word_list

NOUNS = word_list(
    "path file name value item node tree list table key index line text token word char "
    "buffer stream block chunk data size count offset start stop end limit width height depth "
    "level mode flag option state event handler callback func method class object module "
    "package source target parent child root leaf left right head tail first last prefix "
    "suffix pattern match group result output input message header body field record row "
    "column cell matrix vector point range step total mean rate score weight error warning "
    "reason code status request response url host port query param default encoding charset "
    "format template spec digest hash seed sample queue stack heap cache lock thread task job "
    "worker pool session user address account date time year month day hour minute second "
    "zone locale unit factor base digit number prime sign scale"
)
VERBS = word_list(
    "get set make build find check read write parse format load store open close split join "
    "merge copy move remove add insert update replace count sum compute convert encode decode "
    "escape quote strip pad wrap fill scan match filter sort group collect extract resolve "
    "normalize validate compare register lookup create init reset apply process handle send "
    "receive guess expand shorten"
)
ADJECTIVES = word_list(
    "given optional default current next previous new old raw simple nested local global "
    "public internal empty missing valid invalid full partial relative absolute sorted unique "
    "common long short"
)

# fmt: off
TYPES = (
    "str", "int", "float", "list", "tuple", "dict", "bytes", "bool", "set",
)
ERRORS = (
    "ValueError", "TypeError", "KeyError", "IndexError", "RuntimeError", "OSError",
    "LookupError",
)
OPERATORS = (
    "<", ">", "<=", ">=", "==", "!=",
)
STATEMENTS = (
    "{n} = []", "{n} = {{}}", "{n} = ''", "{n} = None", "{n} = {i}", "{n} = {a}",
    "{n} = len({a})", "{n} = {a}[{i}]", "{n} = {a}[{i}:]", "{n} = {a}[:{b}]", "{n} = {a}[-1]",
    "{n} = {a} + {b}", "{n} = {a} - {i}", "{n} = {a} * {b}", "{n} = {a} % {i}",
    "{n} = {a} // {i}", "{n} = {a} ** 2", "{n} = {a} / {b}", "{n}, {m} = {a}, {b}",
    "{n}, {m} = divmod({a}, {i})", "{n} = ({a}, {b})", "{n} = {a}.{f}", "{n} = {a}.{f}()",
    "{n} = {a}.{f}({b})", "{n} = {g}({a})", "{n} = {g}({a}, {b})", "{n} = {f}.{g}({a}, {b})",
    "{n} = {a}.split({s})", "{n} = {a}.strip()", "{n} = {a}.lower()", "{n} = {a}.upper()",
    "{n} = {a}.replace({s}, {s2})", "{n} = {s}.join({a})", "{n} = {a}.rstrip({s})",
    "{n}, {m}, {o} = {a}.partition({s})", "{n} = {a}.find({s})", "{n} = {a}.count({s})",
    "{n} = {a}.get({b}, {i})", "{n} = {a}.get({s})", "{n} = {s} % {a}", "{n} = {s}.format({a})",
    "{n} = f'{{{a}}}:{{{b}}}'", "{n} = str({a})", "{n} = int({a})", "{n} = float({a})",
    "{n} = list({a})", "{n} = sorted({a})", "{n} = sorted({a}, key={g})", "{n} = reversed({a})",
    "{n} = set({a})", "{n} = sum({a})", "{n} = max({a}, {b})", "{n} = min({a})",
    "{n} = abs({a} - {b})", "{n} = dict({a})", "{n} = tuple({a})", "{n} = [{x} for {x} in {a}]",
    "{n} = [{g}({x}) for {x} in {a}]", "{n} = [{x}.{f} for {x} in {a} if {x}]",
    "{n} = [{x} for {x} in {a} if {x} not in {b}]", "{n} = {{{x}: {a}[{x}] for {x} in {b}}}",
    "{n} = any({x} in {a} for {x} in {b})", "{n} = all({x}.{f} for {x} in {a})",
    "{n} = {a} if {a} else {b}", "{n} = {a} or {s}", "{n} = isinstance({a}, {t})",
    "{n} = getattr({a}, {s}, None)", "{n} = map({g}, {a})", "{n} = lambda {x}: {x}.{f}",
    "{n} = {a} & {i}", "{n} = {a} << {i}", "{n} = {f}.{g}({a}).{g2}()", "{n} = {f}.compile({s})",
    "{n} = {a}.encode({s})", "{n} = ord({a}[0])", "{n} = round({a} * {b}, {i})",
    "{n} = '%s-%s' % ({a}, {b})", "{n} = {a}[{b}]", "{n} = {a}[{i}:{b}]",
    "{n} = {a} is not None", "{n} = zip({a}, {b})", "{n} = range({i}, {a})",
    "{n} = {a}.index({b})", "{n} = {a}[::-1]",
)
EFFECTS = (
    "{a}.append({b})", "{a}.append(({a}, {b}))", "{a}.extend({b})", "{a} += {i}", "{a} += {b}",
    "{a} -= {i}", "{a}[{b}] = {i}", "{a}[{s}] = {b}", "{a}.{f} = {b}", "{a}.{g}({b})",
    "{a}.pop()", "{a}.add({b})", "{a}.update({b})", "{a}.sort()", "{a}.write({b})",
    "{a}.setdefault({b}, []).append({i})", "del {a}[{i}]", "{a}.remove({b})", "{a} *= {b}",
    "{a}.insert(0, {b})", "{f}.{g}({a}, {f2}={b})",
)
CONDITIONS = (
    "{a}", "not {a}", "{a} is None", "{a} is not None", "{a} {op} {i}", "{a} {op} {b}",
    "{a} in {b}", "{a} not in {b}", "{a} == {s}", "isinstance({a}, {t})",
    "not isinstance({a}, ({t}, {t2}))", "{a} and {b}", "{a} or not {b}", "len({a}) {op} {i}",
    "{a}.startswith({s})", "{a}.endswith({s})", "{a} % {i} == 0", "hasattr({a}, {s})",
    "{a}[{i}] == {b}", "{a}.{f}", "{i} <= {a} < {b}", "{a} in ({s}, {s2})", "{a}.isdigit()",
    "callable({a})", "any({a})",
)
RETURNS = (
    "{a}", "{a}", "{a}", "{a}, {b}", "{a}[{i}]", "{a}.{f}", "{g}({a})", "{g}({a}, {b})",
    "{a} + {b}", "{s}.join({a})", "len({a})", "{a} {op} {b}", "None", "{a} if {a} else {b}",
    "[{x} for {x} in {a}]", "{a} * {b}", "{a} % {b}", "{a}.{g}({b})", "{f}.{g}({a})",
    "tuple({a})", "sorted({a})", "not {a}", "{a}[:{i}] + {a}[{i}:]", "{{{s}: {a}, {s2}: {b}}}",
    "({a} - {b}) / {a}", "max({a}, {b})", "str({a}).rjust({i})", "{a}.strip().lower()",
    "{a} in {b}", "sum({a}) / len({a})", "all({a})", "list(map({g}, {a}))",
    "'%s=%s' % ({a}, {b})", "{a}.replace({s}, {s2})", "bool({a} and {b})",
)
# fmt: on

NOT_A_NAME = frozenset(
    word_list(
        "in is if or as and not for def del try from with pass else elif None True False lambda "
        "import class return raise while yield break global assert except finally continue "
        "nonlocal async await match type list dict set str int sum min max len all any map zip "
        "range open sorted tuple abs filter format hash input object"
    )
)
