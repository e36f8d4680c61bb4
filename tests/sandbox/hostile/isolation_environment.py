# expect: failed
import os

allowed = {
    "PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "LANG", "TZ", "PWD", "PYTHONHASHSEED", "PYTHONUTF8",
    "PYTHONDONTWRITEBYTECODE", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
}
print(*("BREACH " + name for name in set(os.environ) - allowed))
assert 1 + 1 == 3
