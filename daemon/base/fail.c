#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

bool
fail_set(struct fail *fail, enum fail_kind kind, const char *format, ...)
{
	va_list args;

	if (fail == NULL || fail->kind != FAIL_NONE)
		return false;
	fail->kind = kind;
	va_start(args, format);
	vsnprintf(fail->text, sizeof(fail->text), format, args);
	va_end(args);
	return false;
}

void
fail_place(struct fail *fail, const char *format, ...)
{
	va_list args;

	if (fail == NULL || fail->place[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(fail->place, sizeof(fail->place), format, args);
	va_end(args);
}

void
fail_hint(struct fail *fail, const char *format, ...)
{
	va_list args;

	if (fail == NULL || fail->hint[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(fail->hint, sizeof(fail->hint), format, args);
	va_end(args);
}
