"""Texts on the pages of a small shop."""


def longest(words):
    """The longest of the words; of several the first one."""
    return max(words, key=len)


def initials(name):
    """The first letters of a name's words, in capitals."""
    return "".join(word[0].upper() for word in name.split())


def shortened(text, length):
    """The text, cut to this length, with three dots where something is missing."""
    return text if len(text) <= length else text[: length - 3] + "..."


def word_counts(text):
    """How often each word occurs in the text."""
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def is_palindrome(text):
    """Whether the text reads the same backwards, but for spaces and capitals."""
    letters = [letter for letter in text.lower() if letter != " "]
    return letters == letters[::-1]
