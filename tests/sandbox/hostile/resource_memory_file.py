# expect: failed
import os

fd = os.memfd_create("hoard")
print("BREACH memfd")
