# expect: failed
import importlib.machinery
import importlib.util
import shutil
import sys

name = next(p for p in sys.path if p.endswith("lib-dynload"))
import glob

shutil.copy(glob.glob(name + "/_json*.so")[0], "/tmp/evil.so")
loader = importlib.machinery.ExtensionFileLoader("_json", "/tmp/evil.so")
importlib.util.module_from_spec(importlib.util.spec_from_loader("_json", loader))
print("BREACH loaded machine code of its own")
