#include "store/disk_aio.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { UNDER_WAY_MAX = 8 };

struct disk_aio {
	aio_context_t context;
	int wake;
	unsigned under_way;
};

struct disk_aio *
disk_aio_create(int wake)
{
	struct disk_aio *aio = calloc(1, sizeof(*aio));

	if (aio == NULL)
		return NULL;
	aio->wake = wake;
	if (syscall(SYS_io_setup, UNDER_WAY_MAX, &aio->context) == 0)
		return aio;
	free(aio);
	return NULL;
}

void
disk_aio_destroy(struct disk_aio *aio)
{
	if (aio == NULL)
		return;
	syscall(SYS_io_destroy, aio->context);
	free(aio);
}

bool
disk_aio_begin(struct disk_aio *aio, const struct disk_aio_write *write)
{
	struct iocb block = {.aio_data = (uintptr_t)write->token,
	    .aio_lio_opcode = IOCB_CMD_PWRITE,
	    .aio_fildes = (uint32_t)write->fd,
	    .aio_buf = (uintptr_t)write->data,
	    .aio_nbytes = write->len,
	    .aio_offset = (int64_t)write->offset,
	    .aio_flags = IOCB_FLAG_RESFD,
	    .aio_resfd = (uint32_t)aio->wake};
	struct iocb *list[1] = {&block};

	if (aio->under_way == UNDER_WAY_MAX ||
	    syscall(SYS_io_submit, aio->context, 1, list) != 1)
		return false;
	aio->under_way++;
	return true;
}

void *
disk_aio_next(struct disk_aio *aio, bool wait, int64_t *result)
{
	struct io_event event;
	long got;

	if (aio->under_way == 0)
		return NULL;
	do
		got = syscall(
		    SYS_io_getevents, aio->context, wait, 1, &event, NULL);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		return NULL;
	aio->under_way--;
	*result = event.res;
	return (void *)(uintptr_t)event.data;
}
