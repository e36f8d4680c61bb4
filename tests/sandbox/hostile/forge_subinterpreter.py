# expect: tampered|failed
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

code = "import gc; gc.get_objects()"
name = interpreters.create()
getattr(interpreters, "run_string", None) and interpreters.run_string(name, code)
assert True
