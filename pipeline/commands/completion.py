"""`completion bash|zsh`: a script with which the shell completes commands, tasks, options and keys of luigi.cfg.

The words are written into the script, so that completing starts no Python; write it again after an upgrade.
"""

from __future__ import annotations

import argparse

from pipeline import TASKS
from pipeline.commands.parsers import COMMANDS, parser_of
from pipeline.config.command_line import flags

HELP = "print a script for the completion of commands, tasks and options in bash or zsh"

_SHELLS = ("bash", "zsh")
# Commands that take the name of a task.
_WITH_TASK = ("run", "doctor")

_SCRIPT = """\
_selfcodealign() {
    local current=${COMP_WORDS[COMP_CWORD]} command= word words
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in COMMANDS) command=$word; break;; esac
    done
    case $command in
CASES
        *) words="SINGLE -C --help --version";;
    esac
    [[ -n $command && $current == --* ]] && words="$words KEYS"
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    [[ ${#COMPREPLY[@]} -gt 0 || -z $command ]] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _selfcodealign selfcodealign
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", choices=_SHELLS, help="source what is printed: `source <(selfcodealign completion bash)`"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.shell == "zsh":
        print("autoload -U +X compinit bashcompinit && compinit && bashcompinit")
    print(script(), end="")
    return 0


def script() -> str:
    """The script for bash, which zsh runs as well."""
    cases = []
    for command in COMMANDS:
        words = [option for action in parser_of(command)._actions for option in action.option_strings]
        words += TASKS if command in _WITH_TASK else []
        cases.append(f'        {command}) words="{" ".join(words)}";;')
    text = _SCRIPT.replace("COMMANDS", "|".join(COMMANDS)).replace("SINGLE", " ".join(COMMANDS))
    return text.replace("CASES", "\n".join(cases)).replace("KEYS", " ".join(flags()))
