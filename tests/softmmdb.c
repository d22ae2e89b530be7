/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softmmdb.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* https://maxmind.github.io/MaxMind-DB/, version 2.0 */
enum { TEXT = 2, UINT16 = 5, UINT32 = 6, MAP = 7, UINT64 = 9, ARRAY = 11 };

size_t
softmmdb_here(const struct softmmdb *m)
{
	return m->data_n;
}

static void
put_byte(struct softmmdb *m, size_t byte)
{
	assert(m->data_n < SOFTMMDB_DATA && byte < 256);
	m->data[m->data_n++] = (uint8_t)byte;
}

/* A control byte; types above 7 have another, sizes above 28 as well. */
static void
put_head(struct softmmdb *m, size_t type, size_t n)
{
	assert(n < 29 + 256);
	put_byte(m, (type > 7 ? 0 : type << 5) | (n < 29 ? n : 29));
	if (type > 7)
		put_byte(m, type - 7);
	if (n >= 29)
		put_byte(m, n - 29);
}

void
softmmdb_map(struct softmmdb *m, size_t n)
{
	put_head(m, MAP, n);
}

void
softmmdb_text(struct softmmdb *m, const char *text)
{
	size_t n = strlen(text);

	put_head(m, TEXT, n);
	for (size_t i = 0; i < n; i++)
		put_byte(m, (uint8_t)text[i]);
}

static void
put_number(struct softmmdb *m, size_t type, uint32_t value, size_t n)
{
	put_head(m, type, n);
	while (n-- > 0)
		put_byte(m, value >> 8 * n & 0xff);
}

void
softmmdb_number(struct softmmdb *m, uint32_t value)
{
	put_number(m, UINT32, value, 4);
}

/* IPv4 lies in ::/96. */
void
softmmdb_put(
    struct softmmdb *m, const char *network, unsigned bits, size_t data)
{
	uint8_t a[16] = { 0 };
	int32_t *at = NULL;
	size_t node = 0;

	if (strchr(network, ':') != NULL)
		assert(inet_pton(AF_INET6, network, a) == 1);
	else {
		assert(inet_pton(AF_INET, network, a + 12) == 1);
		bits += 96;
	}
	if (m->nodes_n == 0)
		m->nodes_n = 1;
	for (unsigned i = 0; i < bits; i++) {
		if (at != NULL && *at == 0) {
			assert(m->nodes_n < SOFTMMDB_NODES);
			*at = (int32_t)m->nodes_n++;
		}
		if (at != NULL)
			node = (size_t)*at;
		at = &m->nodes[node][a[i / 8] >> (7 - i % 8) & 1];
	}
	*at = -1 - (int32_t)data;
}

static void
put_metadata(struct softmmdb *m, size_t nodes)
{
	softmmdb_map(m, 9);
	softmmdb_text(m, "binary_format_major_version");
	put_number(m, UINT16, 2, 2);
	softmmdb_text(m, "binary_format_minor_version");
	put_number(m, UINT16, 0, 2);
	softmmdb_text(m, "build_epoch");
	put_number(m, UINT64, 1700000000, 4);
	softmmdb_text(m, "database_type");
	softmmdb_text(m, "Test");
	softmmdb_text(m, "description");
	softmmdb_map(m, 0);
	softmmdb_text(m, "ip_version");
	put_number(m, UINT16, 6, 2);
	softmmdb_text(m, "languages");
	put_head(m, ARRAY, 0);
	softmmdb_text(m, "node_count");
	softmmdb_number(m, (uint32_t)nodes);
	softmmdb_text(m, "record_size");
	put_number(m, UINT16, 24, 2);
}

static void
write_record(FILE *f, int32_t record, size_t nodes)
{
	size_t v = record == 0  ? nodes
		   : record > 0 ? (size_t)record
				: nodes + 16 + (size_t)(-1 - record);
	uint8_t b[3] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	assert(fwrite(b, 1, 3, f) == 3);
}

void
softmmdb_write(const struct softmmdb *m, const char *file)
{
	static const uint8_t gap[16];
	static const char mark[] = "\xab\xcd\xefMaxMind.com";
	struct softmmdb about = { .nodes_n = 0 };
	FILE *f = fopen(file, "wb");

	assert(f != NULL);
	for (size_t i = 0; i < m->nodes_n; i++)
		for (size_t side = 0; side < 2; side++)
			write_record(f, m->nodes[i][side], m->nodes_n);
	put_metadata(&about, m->nodes_n);
	assert(fwrite(gap, 1, 16, f) == 16);
	assert(fwrite(m->data, 1, m->data_n, f) == m->data_n);
	assert(fwrite(mark, 1, sizeof(mark) - 1, f) == sizeof(mark) - 1);
	assert(fwrite(about.data, 1, about.data_n, f) == about.data_n);
	assert(fclose(f) == 0);
}
