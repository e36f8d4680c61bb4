"""What all tests start from."""

import signal

# A shell that starts the tests in the background has SIGINT ignored, and every process that a test starts
# would inherit that: none could be stopped by Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The same of SIGHUP under nohup.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
