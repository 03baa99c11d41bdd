"""Text that would act if it could: each piece plants a marker, ``window.__hit``, when it does."""

from __future__ import annotations

HIT = "window.__hit=(window.__hit||0)+1"

MARKDOWN = [
    f"<script>{HIT}</script>",
    f'<img src=x onerror="{HIT}">',
    f"<svg/onload={HIT}>",
    f'<details open ontoggle="{HIT}"><summary>x</summary></details>',
    f'<iframe srcdoc="<script>parent.{HIT}</script>"></iframe>',
    f"<!-- --><p <b><img src=x onerror='{HIT}'//",
    f"</div></pre></code><img src=x onerror='{HIT}'>",
    "<style>body{display:none}</style>",
    f"[link](javascript:{HIT})",
    f"[link](<javascript:{HIT}>)",
    f"[link](&#106;avascript:{HIT})",
    f"[link](java&Tab;script:{HIT})",
    f"[link](  \tJavaScript:{HIT})",
    f"[link][a]\n\n[a]: javascript:{HIT}",
    f"[link][a]\n\n[a]:\n  javascript:{HIT}",
    f"[a\n```x\n```\nb]: javascript:{HIT}\n\n[link][a ```x ``` b]",
    f"<javascript:{HIT}>",
    "[link](data:text/html,<script>alert(1)</script>)",
    "![picture](http://127.0.0.1:9/leak.png?secret)",
    "![picture][p]\n\n[p]: http://127.0.0.1:9/leak.png?secret",
    # JupyterLab puts formulas back in after Markdown was read, into attributes too.
    f'https://example.invalid/$"onmouseover="{HIT}"style="position:fixed;inset:0"$',
    f'https://example.invalid/<b$"onmouseover="{HIT}"style="position:fixed;inset:0"$',
    f'https://example.invalid/\\\\("onmouseover="{HIT}"style="position:fixed;inset:0"\\\\)',
    f'[link](https://example.invalid/$"onmouseover="{HIT}"$)',
    f'[link](https://example.invalid "$" onmouseover="{HIT}" x="$")',
    f'[link][b]\n\n[b]: https://example.invalid\n\'$" onmouseover="{HIT}" x="$\'',
    f'![x $" onerror="{HIT}" y="$](x.png)',
    # JupyterLab writes a fence's language as it is, nbconvert a diagram.
    f'```py"><img src=x onerror="{HIT}">\nx\n```',
    f'~~~~\n```py"><img/src=x/onerror="{HIT}">\nx\n```\n~~~~',
    f"```mermaid\n<script>{HIT}</script>\n```",
    f'```mermaid\ngraph LR\naccTitle: \\\\(" onload="{HIT}\\\\)\na-->b\n```',
    f"````<code ```x``` \n<img src=x onerror='{HIT}'>",
    f'````"onmouseover="{HIT}"```<a```',
    # nbconvert lets a formula begin in one place and end in the next.
    f"$$\n\n```text\n$$\n<script>{HIT}</script>\n```\n",
    f"\\begin{{a}}\n\n```text\n\\end{{a}}\n<script>{HIT}</script>\n```\n",
    f"- a\n\n      ```\n  <img src=x onerror='{HIT}'>\n      ```\n",
    f"> ```\n<img src=x onerror='{HIT}'>\n> ```\n",
    f"1. ~~~\n<img src=x onerror='{HIT}'>\n   ~~~\n",
    f"`<img src=x onerror='{HIT}'>``",
    f"``\n\n<img src=x onerror='{HIT}'>``",
    f"$\\href{{javascript:{HIT}}}{{formula}}$",
    f"$\\hre&#102;{{javascript:{HIT}}}{{formula}}$ &#36;&#92;href{{javascript:{HIT}}}{{f}}&#36;",
    f'$\\mmlToken{{mi}}[href="javascript:{HIT}"]{{formula}}$',
    "$\\bbox[background:url(http://127.0.0.1:9/leak)]{formula}$",
    "\x1b]8;;http://example.invalid\x07\x1b[2J\x1b[31mred\x1b[0m\x9b31m",
    "innocent\u202egnp.exe \u2067turned\u2069 &#x202e;turned",
    "W" * 10_000,
]
