import getpass
import os
import platform
import pwd
import socket
import sys
import time

assert getpass.getuser() == "user" and pwd.getpwuid(os.getuid()).pw_name == "user"
assert socket.gethostname() == platform.node() == "sandbox"
assert os.path.expanduser("~") == "/tmp" == os.getcwd()
assert time.tzname[0] == "UTC" and hash("a") == hash("a") and os.cpu_count() >= 1
assert sys.argv == [__file__] and __name__ == "__main__" and sys.modules["__main__"].__file__ == __file__
assert len(os.urandom(8)) == 8 and open("/dev/urandom", "rb").read(4) and open("/dev/zero", "rb").read(1)
with open(os.devnull, "w") as null:
    print("nothing", file=null)
