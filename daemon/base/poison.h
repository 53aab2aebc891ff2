/*
 * Every translation unit gets this header first.  Functions that have cost
 * other projects dearly cannot be called here: unbounded copies, hidden
 * static buffers, conversions without an error, and local time.
 */
#ifndef MISU_POISON_H
#define MISU_POISON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll
#pragma GCC poison gets localtime gmtime ctime asctime mktime strncpy strncat
#pragma GCC poison srand tmpnam tempnam mktemp

#endif
