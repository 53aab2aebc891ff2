/* The version, as `misu -V` and /metrics say it. */
#ifndef MISU_VERSION_H
#define MISU_VERSION_H

#define MISU_VERSION "0.1"

#endif
