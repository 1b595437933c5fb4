/* The kernel for any processor. */
#define RUN backprop_run_portable
#define ELEMENTARY backprop_elementary_portable
#include "iterations.h"
