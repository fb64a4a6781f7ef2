#include "perceptual.h"

#include <stdio.h>

static _Thread_local char message[4096];

const char *perceptual_message(void) { return message; }

void perceptual_set_message(const char *text) { snprintf(message, sizeof message, "%s", text ? text : ""); }
