/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/place.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webauthn/utf8.h"

#ifdef HAVE_MAXMINDDB
#include <maxminddb.h>

struct place {
	MMDB_s db;
};

struct place *
place_open(const char *file, const char **why)
{
	struct place *p = malloc(sizeof(*p));
	int rc;

	if (p == NULL) {
		*why = "no memory";
		return NULL;
	}
	if ((rc = MMDB_open(file, MMDB_MODE_MMAP, &p->db)) != MMDB_SUCCESS) {
		*why = MMDB_strerror(rc);
		free(p);
		return NULL;
	}
	return p;
}

void
place_close(struct place *p)
{
	if (p == NULL)
		return;
	MMDB_close(&p->db);
	free(p);
}

/* Copies a name without what could disturb a page or a terminal. */
static void
copy_text(MMDB_entry_s *entry, const char *const *path, char out[64])
{
	MMDB_entry_data_s d;
	struct slice text;

	out[0] = '\0';
	if (MMDB_aget_value(entry, &d, path) != MMDB_SUCCESS || !d.has_data ||
	    d.type != MMDB_DATA_TYPE_UTF8_STRING || d.data_size > 30)
		return;
	text.n = d.data_size;
	text.p = (const uint8_t *)d.utf8_string;
	if (!wa_utf8_valid(text))
		return;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f ||
		    (text.p[i] == 0xc2 && text.p[i + 1] < 0xa0))
			return;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
}

/* What the file has of an address; false: nothing. */
static bool
look_up(const struct place *p, const struct address *a, MMDB_entry_s *entry)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	struct sockaddr_in sa4 = { .sin_family = AF_INET };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	MMDB_lookup_result_s found;
	int rc = MMDB_SUCCESS;

	if (p == NULL)
		return false;
	memcpy(&sa.sin6_addr, a->b, 16);
	memcpy(&sa4.sin_addr, a->b + 12, 4);
	found = MMDB_lookup_sockaddr(&p->db,
	    memcmp(a->b, mapped, 12) == 0 ? (const void *)&sa4
					  : (const void *)&sa,
	    &rc);
	*entry = found.entry;
	return rc == MMDB_SUCCESS && found.found_entry;
}

void
place_find(const struct place *p, const struct address *a,
    char out[STORE_PLACE_MAX + 1])
{
	static const char *const city_path[] = { "city", "names", "en", NULL };
	static const char *const country_path[] = { "country", "iso_code",
		NULL };
	char city[64], country[64];
	MMDB_entry_s entry;

	out[0] = '\0';
	if (!look_up(p, a, &entry))
		return;
	copy_text(&entry, city_path, city);
	copy_text(&entry, country_path, country);
	if (snprintf(out, STORE_PLACE_MAX + 1, "%.30s%s%.30s", city,
		*city != '\0' && *country != '\0' ? ", " : "", country) < 0)
		out[0] = '\0';
}

void
place_network(const struct place *p, const struct address *a,
    char out[STORE_NETWORK_NAME_MAX + 1])
{
	static const char *const number_path[] = { "autonomous_system_number",
		NULL };
	static const char *const name_path[] = {
		"autonomous_system_organization", NULL
	};
	char name[64];
	MMDB_entry_data_s d;
	MMDB_entry_s entry;

	out[0] = '\0';
	if (!look_up(p, a, &entry))
		return;
	copy_text(&entry, name_path, name);
	if (MMDB_aget_value(&entry, &d, number_path) == MMDB_SUCCESS &&
	    d.has_data && d.type == MMDB_DATA_TYPE_UINT32) {
		/* A name too long to stand beside the number is left out. */
		if (snprintf(out, STORE_NETWORK_NAME_MAX + 1, "AS%u%s%s",
			d.uint32, *name != '\0' ? " " : "",
			name) > STORE_NETWORK_NAME_MAX)
			(void)snprintf(
			    out, STORE_NETWORK_NAME_MAX + 1, "AS%u", d.uint32);
	} else
		(void)snprintf(out, STORE_NETWORK_NAME_MAX + 1, "%s", name);
}

#else

struct place *
place_open(const char *file, const char **why)
{
	(void)file;
	*why = "this itsumo was built without libmaxminddb";
	return NULL;
}

void
place_close(struct place *p)
{
	(void)p;
}

void
place_find(const struct place *p, const struct address *a,
    char out[STORE_PLACE_MAX + 1])
{
	(void)p;
	(void)a;
	out[0] = '\0';
}

void
place_network(const struct place *p, const struct address *a,
    char out[STORE_NETWORK_NAME_MAX + 1])
{
	(void)p;
	(void)a;
	out[0] = '\0';
}
#endif
