# expect: failed
import resource

for name in ("AS", "NPROC", "NOFILE", "CPU", "FSIZE", "CORE", "MEMLOCK"):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    try:
        resource.setrlimit(kind, (hard + 1, hard + 1))
        print("BREACH", name)
    except (ValueError, OSError):
        pass
    if hard == resource.RLIM_INFINITY:
        print("BREACH unlimited", name)
assert 1 + 1 == 3
