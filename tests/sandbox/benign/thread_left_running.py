import threading
import time

threading.Thread(target=time.sleep, args=(0.2,)).start()
threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
assert threading.active_count() == 3
