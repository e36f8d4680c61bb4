"""Questions about what code does, with their answers: what a call returns, and with which call a value is returned.

They are those of CRUXEval (arXiv 2401.03065), and monologues are answers to them (SemCoder, arXiv 2406.01006), worded
here for both. In: code, a call, its value, and the narration of the call. Out: text.
"""

from __future__ import annotations

from pipeline.text.markdown import fence

FORWARD, BACKWARD = FORMS = ("forward", "backward")


def output_question(code: str, call: str) -> str:
    """What does a call return?"""
    return (
        f"What does this function return? Complete the assert with a value.\n\n{fence(code)}\n\n"
        f"{fence(f'assert {call} == ...')}"
    )


def input_question(code: str, function: str, value: str) -> str:
    """Which call of a function returns a value?"""
    question = f"Find arguments with which this function returns {value}."
    return f"{question} Complete the assert.\n\n{fence(code)}\n\n{fence(f'assert {function}(...) == {value}')}"


def forward(call: str, value: str, narration: str) -> str:
    """The answer to `output_question` that goes through the call."""
    return f"Line by line, `{call}` does this:\n\n{narration}\n\n{fence(f'assert {call} == {value}')}"


def backward(call: str, value: str, narration: str) -> str:
    """The answer to `input_question` that tries a call and goes through it."""
    return (
        f"Try `{call}`. Line by line, it does this:\n\n{narration}\n\nThat is the value.\n\n"
        f"{fence(f'assert {call} == {value}')}"
    )
