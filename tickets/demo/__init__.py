"""Two workspaces that look lived in, for trying GoPimi out: `manage.py loaddemo`.

What is told stands in the TOML files beside this module; a fixed seed draws the rest, so every load is the same but for
its times, which are counted back from now.
"""
