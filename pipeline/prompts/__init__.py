"""Prompts: exemplar sets as files (`exemplars`), prompt documents (`render`), completions (`parse`)."""
