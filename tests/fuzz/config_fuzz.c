/* SPDX-License-Identifier: Apache-2.0 */

/* Target function: config_read(), through a file in memory. */
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>

#include <stdlib.h>
#include <unistd.h>

#include "web/config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct config_problems problems = { 0 };
	struct config *c = NULL;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	c = config_read(path, NULL, 0, &problems);
	if ((c == NULL) != (problems.n > 0))
		abort();
	config_free(c);
	(void)close(fd);
	return 0;
}
