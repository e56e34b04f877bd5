"""Builds every package that has features with none of them and with each alone, and runs its doc tests so. The default features, and all
packages together, are what the other steps build."""

import json
import subprocess


def cargo(*arguments):
    print("$ cargo", *arguments, flush=True)
    subprocess.run(["cargo", *arguments], check=True)


metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1"]))
for package in metadata["packages"]:
    features = sorted(package["features"].keys() - {"default"})
    has_library = any("lib" in target["kind"] for target in package["targets"])
    for chosen in [[], *([feature] for feature in features)] if features else []:
        selection = ["--package", package["name"], "--no-default-features", *(f"--features={feature}" for feature in chosen)]
        cargo("clippy", "--all-targets", *selection, "--", "-D", "warnings")
        if has_library:
            cargo("test", "--doc", *selection)
