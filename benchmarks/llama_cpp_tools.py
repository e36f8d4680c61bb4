"""Builds llama-batched-bench and llama-server from the llama.cpp inside llama-cpp-python's sdist.

The same version as the installed bindings, with llama.cpp's default options, into a cache folder
(about ten minutes on two cores, once). In: nothing. Out: the paths of the two programs. Needs pip,
cmake and a compiler.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

TOOLS = ("llama-batched-bench", "llama-server")
OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_UI": "OFF",
    "LLAMA_CURL": "OFF",
    "LLAMA_OPENSSL": "OFF",
}


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "selfcodealign" / f"llama.cpp-{version('llama-cpp-python')}"


def tools(cuda: bool = False) -> dict[str, Path]:
    """The programs by name, built if they are missing; `cuda` builds for the card that is there."""
    build = cache_folder() / ("build-cuda" if cuda else "build")
    found = {name: build / "bin" / name for name in TOOLS}
    if all(path.exists() for path in found.values()):
        return found
    require(cuda)
    options = dict(OPTIONS)
    if cuda:
        options |= {"GGML_CUDA": "ON", "CMAKE_CUDA_ARCHITECTURES": "native"}
    source = _source()
    print(f"building {', '.join(TOOLS)} in {build}", file=sys.stderr)
    defines = [f"-D{key}={value}" for key, value in options.items()]
    _run("cmake", "-S", str(source), "-B", str(build), *defines)
    jobs = str(os.cpu_count() or 1)
    _run("cmake", "--build", str(build), "--target", *TOOLS, "-j", jobs)
    return found


def require(cuda: bool = False) -> None:
    """End the process with one line where something is missing without which the programs cannot be built."""
    needed = {"cmake": ("cmake",), "a C++ compiler": ("c++", "g++", "clang++")}
    if cuda:
        needed["CUDA's compiler"] = ("nvcc",)
    missing = [what for what, names in needed.items() if not any(map(shutil.which, names))]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        missing.append("pip")
    if missing:
        sys.exit(f"llama.cpp's programs have to be built, and {', '.join(missing)} cannot be found: install them first")


def _source() -> Path:
    """The llama.cpp sources that belong to the installed bindings."""
    target = cache_folder() / "source"
    if target.exists():
        return target
    wanted = f"llama-cpp-python=={version('llama-cpp-python')}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        _run(*pip, "--no-binary", "llama-cpp-python", "-d", scratch, wanted)
        archive = next(Path(scratch).glob("*.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        shutil.move(str(next(Path(scratch).glob("*/vendor/llama.cpp"))), target)
    return target


def _run(*argv: str) -> None:
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(argv[:3])} ... failed:\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    for name, path in tools(cuda="--cuda" in sys.argv).items():
        print(name, path)
