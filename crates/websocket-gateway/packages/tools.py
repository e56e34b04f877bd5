"""What the packages are built with: tools from PyPI, and a Rust that compiles for other platforms than this one."""

import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
OUT = ROOT / "target" / "packages"

# The target, as Rust calls it, and the platform, as Node.js calls its system and processor.
PLATFORMS = {
    "x86_64-unknown-linux-gnu": ("linux", "x64"),
    "aarch64-unknown-linux-gnu": ("linux", "arm64"),
    "aarch64-apple-darwin": ("darwin", "arm64"),
    "x86_64-apple-darwin": ("darwin", "x64"),
}


def here():
    """The target that is this machine."""
    processor = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
    return processor + {"Darwin": "-apple-darwin"}.get(platform.system(), "-unknown-linux-gnu")


def in_environment():
    """Goes on in a virtual environment that has the tools: the one that is active, or else one below `target`."""
    requirements = HERE / "requirements.txt"
    if sys.prefix != sys.base_prefix:
        folder = Path(sys.prefix)
    else:
        folder = OUT.with_name("packages-venv")
        if not (folder / "bin" / "python").exists():
            venv.create(folder, with_pip=True)
    noted = folder / "packages-requirements.txt"
    if not noted.exists() or noted.read_bytes() != requirements.read_bytes():
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input", "-r", requirements], check=True)
        shutil.copy(requirements, noted)
    if not folder.samefile(sys.prefix):
        python = str(folder / "bin" / "python")
        os.execv(python, [python, *sys.argv])
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def ask(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def rust_for(target):
    """The environment in which cargo compiles for this target. Either its standard library is installed, or its source is, so that it is compiled
    as well: what `rustup` offers as a target and as the component `rust-src`, and Debian in other packages than the default ones."""
    compilers = [Path(found) for found in (shutil.which("rustc"), "/usr/bin/rustc") if found and Path(found).exists()]
    for rustc in compilers:
        libraries = Path(ask(rustc, "--print", "target-libdir", "--target", target))
        if any(libraries.glob("libstd-*.rlib")):
            return {"RUSTC": str(rustc), "CARGO": str(rustc.with_name("cargo"))}
    for rustc in compilers:
        if (Path(ask(rustc, "--print", "sysroot")) / "lib/rustlib/src/rust/library/Cargo.lock").exists():
            return with_source(rustc)
    sys.exit(
        f"there is no standard library for {target}. Run\n    rustup target add {target}\n"
        "or, on Debian without rustup,\n    apt install rustc-web cargo-web rust-web-src"
    )


def with_source(rustc):
    """Cargo compiles the standard library, too. It calls that unstable."""
    folder = OUT.with_name("packages-rust")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # By name, because not every tool asks for the variables.
    for name in ("cargo", "rustc", "rustdoc"):
        (folder / name).symlink_to(rustc.with_name(name))
    rust = {
        "RUSTC": str(rustc),
        "CARGO": str(rustc.with_name("cargo")),
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_UNSTABLE_BUILD_STD": "std,panic_abort",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }
    objcopy = stripper()
    if objcopy:
        (folder / "rust-objcopy").symlink_to(objcopy)
    else:
        rust |= {"CARGO_PROFILE_RELEASE_STRIP": "none", "CARGO_PROFILE_DEV_STRIP": "none"}
    return rust


def stripper():
    """What removes symbols. Rust has it under a name of its own; Debian's Rust does not have it."""
    rustc = shutil.which("rustc")
    own = Path(ask(rustc, "--print", "sysroot")).glob("lib/rustlib/*/bin/rust-objcopy") if rustc else []
    return next(iter(own), None) or shutil.which("llvm-objcopy") or next(iter(Path("/usr/bin").glob("llvm-objcopy-*")), None)
