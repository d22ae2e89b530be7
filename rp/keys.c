/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/rp.h"
#include "rp/secret.h"

bool
rp_keys_make(struct rp_keys *keys)
{
	struct rp_keys made;
	bool good = rp_secret_random(&made, sizeof(made));

	if (good)
		*keys = made;
	rp_secret_wipe(&made, sizeof(made));
	return good;
}
