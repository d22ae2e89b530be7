/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/audit.h"

#include "rp/ids.h"

enum { VALUE_MAX = 254 };

static bool
plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("-_.:@/+", c) != NULL);
}

static bool
all_plain(const char *s)
{
	while (*s != '\0')
		if (!plain((unsigned char)*s++))
			return false;
	return true;
}

/* Appends one byte of a quoted value; what it needs, n says. */
static size_t
quote(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c >= 0x20 && c != 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

/* Appends " key=value", or nothing where it has no room. */
static void
append(struct rp_audit *a, const char *key, const char *value, size_t n)
{
	size_t key_n = strlen(key), room = sizeof(a->s) - a->n;

	if (key_n + n + 2 > room)
		return;
	if (a->n > 0)
		a->s[a->n++] = ' ';
	memcpy(a->s + a->n, key, key_n);
	a->n += key_n;
	a->s[a->n++] = '=';
	memcpy(a->s + a->n, value, n);
	a->n += n;
}

void
rp_audit_text(struct rp_audit *a, const char *key, const char *value)
{
	char quoted[2 + 4 * VALUE_MAX];
	size_t n = 0;

	if (value[0] == '\0')
		return;
	if (all_plain(value) && strlen(value) <= VALUE_MAX) {
		append(a, key, value, strlen(value));
		return;
	}
	quoted[n++] = '"';
	for (size_t i = 0; i < VALUE_MAX && value[i] != '\0'; i++)
		n += quote(quoted + n, (unsigned char)value[i]);
	quoted[n++] = '"';
	append(a, key, quoted, n);
}

void
rp_audit_number(struct rp_audit *a, const char *key, uint64_t value)
{
	char digits[24];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	append(a, key, digits + n, sizeof(digits) - n);
}

void
rp_audit_id(struct rp_audit *a, const char *key, const char *prefix,
    const uint8_t id[16])
{
	struct rp_id_text text = rp_id_write(prefix, id);

	append(a, key, text.s, strlen(text.s));
}

void
rp_audit_client(struct rp_audit *a, const struct rp_call *call)
{
	rp_audit_text(a, "address", call->client.address);
	rp_audit_text(a, "browser", call->client.browser);
}

enum store_rc
rp_audit_append(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const char *event,
    const struct rp_audit *a)
{
	const struct store_audit_entry e = {
		.at = call->now,
		.account =
		    account != NULL ? *account : (struct account_id){ { 0 } },
		.event = slice_of(event),
		.detail = { (const uint8_t *)a->s, a->n },
	};

	return store_audit_append(t, &e);
}
