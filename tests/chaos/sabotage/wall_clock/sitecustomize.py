"""What asks the monotonic clock is told the wall clock's time."""

import threading
import time

time.monotonic, time.monotonic_ns = time.time, time.time_ns
threading._time = time.time
