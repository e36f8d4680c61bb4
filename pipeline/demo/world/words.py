"""Operations on a list of lower-case words."""

from __future__ import annotations

from pipeline.demo.world.operation import Operation, each, keep, whole

LENGTHS = (3, 4, 5)
STARTS = ("a", "b", "s", "p")
LETTERS = ("a", "e", "o", "r", "n")

# fmt: off
# (a table: one operation a paragraph reads better than one string a line)
FILTERS: tuple[Operation, ...] = (
    keep("longer", "words", ["len(w) > {k}", "not len(w) <= {k}", "{k} < len(w)"],
         ["keep the words longer than {k} letters", "select the words with more than {k} letters"],
         ["length", "comparison"], ["longer", "long_words"], LENGTHS, ["len(w) >= {k}"], trap=True),
    keep("shorter", "words", ["len(w) < {k}", "not len(w) >= {k}", "{k} > len(w)"],
         ["keep the words shorter than {k} letters", "select the words with fewer than {k} letters"],
         ["length", "comparison"], ["shorter", "short_words"], (4, 5, 6), ["len(w) <= {k}"]),
    keep("min_length", "words", ["len(w) >= {k}", "not len(w) < {k}"],
         ["keep the words with at least {k} letters", "select the words of {k} or more letters"],
         ["length", "comparison"], ["min_length", "at_least"], (4, 5, 6), ["len(w) > {k}"], trap=True),
    keep("exact_length", "words", ["len(w) == {k}", "not len(w) != {k}"],
         ["keep the words with exactly {k} letters", "select the words of length {k}"],
         ["length", "comparison"], ["exact", "of_length"], LENGTHS),
    keep("starting", "words", ["w.startswith('{k}')", "w[:1] == '{k}'"],
         ["keep the words that start with '{k}'", "select the words beginning with '{k}'"],
         ["prefix and suffix check"], ["starting", "beginning"], STARTS, ["'{k}' in w"]),
    keep("containing", "words", ["'{k}' in w", "w.count('{k}') > 0"],
         ["keep the words that contain '{k}'", "select the words with the letter '{k}'"],
         ["membership test"], ["containing", "with_letter"], LETTERS, ["w.startswith('{k}')"]),
    keep("lacking", "words", ["'{k}' not in w", "w.count('{k}') == 0"],
         ["drop the words that contain '{k}'", "keep the words without the letter '{k}'"],
         ["membership test", "removal"], ["lacking", "without_letter"], LETTERS, ["'{k}' in w"]),
)

MAPS: tuple[Operation, ...] = (
    each("upper_words", "words", ["w.upper()", "str.upper(w)"],
         ["convert each word to upper case", "write every word in capitals"],
         ["case conversion"], ["upper", "shout", "capitals"]),
    each("capital_words", "words", ["w.capitalize()", "w[:1].upper() + w[1:]"],
         ["capitalize each word", "give every word a capital first letter"],
         ["case conversion"], ["capitalized", "capital"], bugs=["w.upper()"]),
    each("reverse_each", "words", ["w[::-1]", "''.join(reversed(w))"],
         ["reverse each word", "spell every word backwards"],
         ["reversal", "slicing"], ["reverse_each", "mirrored"]),
    each("shorten", "words", ["w[:{k}]", "w[0:{k}]"],
         ["shorten each word to its first {k} letters", "cut every word after {k} letters"],
         ["slicing"], ["shorten", "cut"], (2, 3), ["w[-{k}:]"]),
    each("last_letter", "words", ["w[-1]", "w[-1:]"],
         ["replace each word by its last letter", "take the final letter of every word"],
         ["indexing", "negative indices"], ["last_letters", "final_letters"],
         bugs=["w[0]"], trap=True),
    each("add_ending", "words", ["w + '{k}'", "''.join([w, '{k}'])"],
         ["append '{k}' to each word", "add '{k}' to the end of every word"],
         ["string building"], ["with_ending", "append"], ("s", "!", "_x", "?")),
    each("lengths", "words", ["len(w)", "sum(1 for c in w)"],
         ["replace each word by its length", "list the lengths of the words"],
         ["length"], ["lengths", "sizes"], gives="ints"),
)

RESHAPES: tuple[Operation, ...] = (
    whole("sort_words", "words", "words", ["sorted({v})", "sorted({v}, reverse=True)[::-1]"],
          ["sort the words alphabetically", "put the words in alphabetical order"],
          ["sorting"], ["sort", "alphabetical"]),
    whole("sort_by_length", "words", "words",
          ["sorted({v}, key=len)", "sorted({v}, key=lambda w: len(w))"],
          ["sort the words by length, shortest first", "order the words from shortest to longest"],
          ["sorting", "length"], ["by_length", "length_order"], bugs=["sorted({v})"], trap=True),
    whole("reverse_list", "words", "words", ["{v}[::-1]", "list(reversed({v}))"],
          ["reverse the list of words", "put the words in reverse order"],
          ["reversal", "slicing"], ["reverse", "backwards"], bugs=["sorted({v}, reverse=True)"]),
    whole("take_words", "words", "words", ["{v}[:{k}]", "[w for i, w in enumerate({v}) if i < {k}]"],
          ["take the first {k} words", "keep only the first {k} words"],
          ["slicing"], ["first", "head"], (2, 3)),
    whole("unique_words", "words", "words",
          ["list(dict.fromkeys({v}))", "[w for i, w in enumerate({v}) if w not in {v}[:i]]"],
          ["remove repeated words, keeping the order", "keep the first occurrence of each word"],
          ["duplicate removal", "membership test"], ["unique", "distinct"],
          bugs=["sorted(set({v}))"], trap=True,
          loop=["{o} = []", "for w in {v}:", "    if w not in {o}:", "        {o}.append(w)"]),
    whole("without_ends", "words", "words", ["{v}[1:]", "[w for i, w in enumerate({v}) if i > 0]"],
          ["drop the first word", "skip the first word"],
          ["slicing"], ["rest", "skip_first"], bugs=["{v}[:-1]"]),
)

SUMMARIES: tuple[Operation, ...] = (
    whole("join_words", "words", "text", ["'{k}'.join({v})", "'{k}'.join(w for w in {v})"],
          ["join the words with '{k}'", "connect the words by '{k}'"],
          ["string joining"], ["join", "connect"], ("-", "_", " ", "+")),
    whole("longest", "words", "text",
          ["max({v}, key=len, default='')", "sorted({v}, key=len, reverse=True)[0] if {v} else ''"],
          ["find the longest word, or '' for an empty list", "return the first of the longest words, or ''"],
          ["minimum and maximum", "length"], ["longest", "biggest"],
          bugs=["max({v}, default='')"], trap=True),
    whole("shortest", "words", "text",
          ["min({v}, key=len, default='')", "sorted({v}, key=len)[0] if {v} else ''"],
          ["find the shortest word, or '' for an empty list", "return the first of the shortest words, or ''"],
          ["minimum and maximum", "length"], ["shortest", "tiniest"], bugs=["min({v}, default='')"]),
    whole("initials", "words", "text", ["''.join(w[0] for w in {v})", "''.join([w[:1] for w in {v}])"],
          ["join the first letters of the words", "build the initials of the words"],
          ["string joining", "indexing"], ["initials", "acronym"],
          bugs=["''.join(w[-1] for w in {v})"],
          loop=["{o} = ''", "for w in {v}:", "    {o} += w[0]"]),
    whole("word_total", "words", "int", ["len({v})", "sum(1 for w in {v})"],
          ["count the words", "return how many words there are"],
          ["counting", "length"], ["count", "how_many"],
          loop=["{o} = 0", "for w in {v}:", "    {o} += 1"]),
    whole("total_letters", "words", "int", ["sum(len(w) for w in {v})", "len(''.join({v}))"],
          ["count the letters of all words", "compute the total length of the words"],
          ["length", "summation"], ["total_letters", "letter_total"], bugs=["len({v})"],
          loop=["{o} = 0", "for w in {v}:", "    {o} += len(w)"]),
    whole("has_word", "words", "flag", ["'{k}' in {v}", "{v}.count('{k}') > 0"],
          ["check whether '{k}' is one of the words", "tell if the list contains the word '{k}'"],
          ["membership test", "searching"], ["has_word", "contains"], ("sun", "tree", "bread", "stone")),
    whole("length_table", "words", "table", ["{w: len(w) for w in {v}}", "dict((w, len(w)) for w in {v})"],
          ["map each word to its length", "build a dictionary from every word to its length"],
          ["dictionaries", "length"], ["length_table", "length_map"],
          loop=["{o} = {}", "for w in {v}:", "    {o}[w] = len(w)"]),
)
# fmt: on

OPERATIONS = FILTERS + MAPS + RESHAPES + SUMMARIES
