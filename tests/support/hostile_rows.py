"""Texts that try to become script: each calls `attack`, which a test defines on the page."""

from __future__ import annotations

CALL = "window.attacked=1"
TEXTS = (
    f"</script><script>{CALL}</script>",
    f"</style><script>{CALL}</script>",
    f"--><script>{CALL}</script><!--",
    f"<!--<script>{CALL}</script>",
    f"]]><script>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}><animate onbegin={CALL} attributeName=x dur=1s></svg>",
    f'" onmouseover="{CALL}" autofocus onfocus="{CALL}" x="',
    f"' onmouseover='{CALL}' autofocus onfocus='{CALL}' x='",
    f"<a href=\"javascript:{CALL}\" autofocus>click</a>",
    "<iframe srcdoc=\"<script>parent.attacked=1</script>\"></iframe>",
    "<iframe src=\"javascript:parent.attacked=1\"></iframe>",
    "<object data=\"data:text/html,<script>parent.attacked=1</script>\"></object>",
    f"<meta http-equiv=refresh content=\"0;url=javascript:{CALL}\">",
    "<link rel=stylesheet href=https://example.invalid/x.css><img src=https://example.invalid/x.png>",
    "<base href=https://example.invalid/>",
    f"<form action=https://example.invalid/><input autofocus onfocus={CALL}></form>",
    f'"),{CALL},receiveRows("index-000","',
    f"\\\");{CALL};//",
    f"`${{{CALL}}}`",
    f"\u2028{CALL}\u2029",
    f"{{{{ 1 }}}}{{% raw %}}<script>{CALL}</script>",
    f"{{\"signal\": \"{CALL}\"}}",
    f"&lt;script&gt;{CALL}&lt;/script&gt;",
    f"\x00\x1b[31m<scr\x00ipt>{CALL}</scr\x00ipt>",
    f"\u202e<script>{CALL}</script>\u202c",
    f"\ufeff+ADw-script+AD4-{CALL}+ADw-/script+AD4-",
    f"```\n</pre><script>{CALL}</script>\n```",
    "\U0001f600" * 50,
    "a\u0301\u0302" * 40,
    "__proto__",
    "constructor",
    "x" * 20_000,
    "",
)  # fmt: skip


def hostile(number: int, field: str) -> str:
    """Every text comes to stand in every field, in some row."""
    offset = sum(field.encode())
    return TEXTS[(number + offset) % len(TEXTS)]
