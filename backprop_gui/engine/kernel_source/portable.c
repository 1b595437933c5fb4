/* The kernel for any processor. */
#define RUN backprop_run_portable
#include "iterations.h"
