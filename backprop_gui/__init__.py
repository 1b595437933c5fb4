"""Backpropagation, step by step."""

import os

# Products of matrices on one thread: threads that wait for each other keep the window waiting, too, on a
# busy machine by a hundred times what the product takes; and no result depends on the number of cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
