/* SPDX-License-Identifier: Apache-2.0 */
#include "store/settings.h"

#include "store/codec.h"

static bool
name_fits(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= STORE_SETTING_NAME_MAX;
}

enum store_rc
store_setting_get(struct store_txn *t, const char *name, uint8_t *value,
    size_t size, size_t *n)
{
	struct slice v, key = slice_of(name);
	struct cursor c;
	enum store_rc rc;

	if (!name_fits(name))
		return STORE_ABSENT;
	if ((rc = engine_get(t, TABLE_SETTINGS, key, &v)) != STORE_OK)
		return rc;
	c = record_open(v, 1);
	if (c.bad)
		return store_damaged(t, TABLE_SETTINGS, key);
	if (size > 0 && c.rest.n > 0)
		memcpy(value, c.rest.p, c.rest.n < size ? c.rest.n : size);
	*n = c.rest.n;
	return STORE_OK;
}

enum store_rc
store_setting_put(struct store_txn *t, const char *name, struct slice value)
{
	uint8_t bytes[1 + STORE_SETTING_MAX];
	struct writer w = WRITER(bytes);

	writer_be(&w, 1, 1);
	writer_bytes(&w, value.p, value.n);
	if (w.bad || !name_fits(name))
		return store_misused(t, "setting");
	return engine_put(
	    t, TABLE_SETTINGS, slice_of(name), writer_done(&w), ENGINE_REPLACE);
}
