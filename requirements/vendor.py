"""For maintainers: fetch the front-end parts into static/vendor, at exact versions, with licence and hash.

Run `python requirements/vendor.py` after changing a version here, look at the difference, and commit it. It needs npm's
client, which knows where to fetch from. htmx comes with django-htmx; the icons are a sprite of Lucide's (ISC).
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "static" / "vendor"
PARTS = {  # package: version, licence, file in the package -> file here
    "tom-select": (
        "2.6.2",
        "Apache-2.0",
        {"dist/js/tom-select.complete.min.js": "tom-select.js", "dist/css/tom-select.min.css": "tom-select.css"},
    ),
    "sortablejs": ("1.15.7", "MIT", {"Sortable.min.js": "sortable.js"}),
    "@fontsource-variable/inter": (
        "5.3.0",
        "OFL-1.1",
        {
            "files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
            "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
        },
    ),
}


def prepared(name: str, content: bytes) -> bytes:
    """Without the pointer to a source map (hashed static files fail on it); styles in a layer under our own."""
    content = re.sub(rb"\n?(//|/\*)# sourceMappingURL=.*?(\*/)?\s*$", b"\n", content)
    return b"@layer vendor {\n" + content.strip() + b"\n}\n" if name.endswith(".css") else content


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    manifest = {}
    for package, (version, licence, files) in PARTS.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
                for source, name in files.items():
                    member = archive.extractfile(f"package/{source}")
                    assert member is not None, f"{source} isn't in {package} {version}"
                    content = prepared(name, member.read())
                    (TARGET / name).write_bytes(content)
                    digest = hashlib.sha256(content).hexdigest()
                    manifest[name] = {"package": package, "version": version, "licence": licence, "sha256": digest}
    (TARGET / "vendored.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
