"""Checks what the manifests promise: that the oldest Rust named is new enough for every dependency, and that the crates that could be
published say what a registry and docs.rs want to know."""

import json
import subprocess
import sys

WANTED = ["description", "license", "keywords", "categories", "readme"]

metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--locked", "--format-version", "1"]))
ours = [package for package in metadata["packages"] if package["id"] in metadata["workspace_members"]]
names = {package["name"] for package in ours}
published = [package for package in ours if package["publish"] is None]
mistakes = []


def version(text):
    return tuple(int(part) for part in (text + ".0.0").split(".")[:3])


# No older toolchain is installed to try it with, so this trusts what the dependencies say.
oldest = {package["rust_version"] for package in ours}
if len(oldest) != 1 or None in oldest:
    sys.exit(f"the crates name different oldest versions of Rust: {oldest}")
[oldest] = oldest
for package in metadata["packages"]:
    if package["rust_version"] and version(package["rust_version"]) > version(oldest):
        mistakes.append(f"{package['name']} {package['version']} needs Rust {package['rust_version']}, and rust-version is {oldest}")

for package in published:
    mistakes += [f"{package['name']} has no {key}, and no publish = false" for key in WANTED if not package[key]]
    if "docs" not in (package["metadata"] or {}):
        mistakes.append(f"{package['name']} has no [package.metadata.docs.rs]")
    for dependency in package["dependencies"]:
        # Cargo leaves a development dependency without a version out of the package.
        if dependency["kind"] == "dev" and dependency["req"] == "*":
            continue
        if dependency["name"] in names - {other["name"] for other in published}:
            mistakes.append(f"{package['name']} could be published but needs {dependency['name']}, which is not")

if mistakes:
    sys.exit("\n".join(mistakes))
print(f"Rust {oldest} is new enough for all {len(metadata['packages'])} packages, as far as they say")
print(f"ready to be published: {', '.join(package['name'] for package in published)}")
