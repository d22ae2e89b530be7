/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/pushes.h"

#include "rp/device.h"

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

bool
rp_push_is_one(const struct store_push *p)
{
	size_t n = strnlen(p->endpoint, sizeof(p->endpoint));

	if (n == 0)
		return true;
	if (n == sizeof(p->endpoint) || (!begins(p->endpoint, "https://") &&
					    !begins(p->endpoint, "http://")))
		return false;
	for (size_t i = 0; i < n; i++)
		if (p->endpoint[i] <= ' ' || p->endpoint[i] > '~')
			return false;
	return p->p256dh[0] == 0x04 &&
	       rp_es256_key_judge(p->p256dh + 1) == RP_OK;
}
