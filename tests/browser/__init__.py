"""What a user sees: the real front ends, in a real browser, on a real server with real kernels.

`chromium` is the browser, `serving` the Jupyter server, `front_end` a page with a notebook open.
They need no pytest: whoever makes screenshots for the documentation uses them too.
"""
