/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/json_out.h"

#include "webauthn/b64url.h"

void
json_out_init(struct json_out *o, struct arena *a, size_t room)
{
	*o = (struct json_out){ .arena = a, .room = room };
	if ((o->p = arena_take(a, room)) == NULL)
		o->failed = true;
}

/* Room for n bytes more. */
static bool
make_room(struct json_out *o, size_t n)
{
	size_t room;
	char *p;

	if (o->failed)
		return false;
	if (n <= o->room - o->n)
		return true;
	if (n > JSON_OUT_MAX - o->n) {
		o->failed = true;
		return false;
	}
	room = o->n + n + o->room;
	if ((p = arena_take(o->arena, room)) == NULL) {
		o->failed = true;
		return false;
	}
	memcpy(p, o->p, o->n);
	o->p = p;
	o->room = room;
	return true;
}

static void
put(struct json_out *o, const void *p, size_t n)
{
	if (n == 0 || !make_room(o, n))
		return;
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

/* The comma and the name before a value. */
static void
begin(struct json_out *o, const char *key)
{
	if (o->comma[o->depth])
		put(o, ",", 1);
	o->comma[o->depth] = true;
	if (key == NULL)
		return;
	put(o, "\"", 1);
	put(o, key, strlen(key));
	put(o, "\":", 2);
}

static void
deeper(struct json_out *o)
{
	if (o->depth + 1 >= JSON_OUT_DEPTH) {
		o->failed = true;
		return;
	}
	o->comma[++o->depth] = false;
}

static void
end(struct json_out *o, const char *brace)
{
	put(o, brace, 1);
	if (o->depth > 0)
		o->depth--;
	else
		o->failed = true;
}

void
json_out_object(struct json_out *o, const char *key)
{
	begin(o, key);
	put(o, "{", 1);
	deeper(o);
}

void
json_out_object_end(struct json_out *o)
{
	end(o, "}");
}

void
json_out_array(struct json_out *o, const char *key)
{
	begin(o, key);
	put(o, "[", 1);
	deeper(o);
}

void
json_out_array_end(struct json_out *o)
{
	end(o, "]");
}

static void
put_escaped(struct json_out *o, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char e[6] = { '\\', 'u', '0', '0', 0, 0 };

	if (c == '"' || c == '\\') {
		e[1] = (char)c;
		put(o, e, 2);
		return;
	}
	e[4] = hex[c >> 4];
	e[5] = hex[c & 15];
	put(o, e, 6);
}

void
json_out_text(struct json_out *o, const char *key, const char *value)
{
	const char *from = value, *p;

	begin(o, key);
	put(o, "\"", 1);
	for (p = value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		/* "<" too: such text never ends a script that it stands in. */
		if (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != 0x7f)
			continue;
		put(o, from, (size_t)(p - from));
		put_escaped(o, c);
		from = p + 1;
	}
	put(o, from, (size_t)(p - from));
	put(o, "\"", 1);
}

void
json_out_word(struct json_out *o, const char *key, const char *value)
{
	begin(o, key);
	put(o, "\"", 1);
	put(o, value, strlen(value));
	put(o, "\"", 1);
}

void
json_out_bool(struct json_out *o, const char *key, bool value)
{
	begin(o, key);
	if (value)
		put(o, "true", 4);
	else
		put(o, "false", 5);
}

void
json_out_int(struct json_out *o, const char *key, int64_t value)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	if (value < 0)
		*--p = '-';
	begin(o, key);
	put(o, p, (size_t)(digits + sizeof(digits) - p));
}

void
json_out_bytes(struct json_out *o, const char *key, struct slice value)
{
	size_t room = WA_B64URL_SIZE(value.n);

	begin(o, key);
	put(o, "\"", 1);
	if (make_room(o, room) && wa_b64url_encode(value, o->p + o->n, room))
		o->n += room - 1;
	else
		o->failed = true;
	put(o, "\"", 1);
}

void
json_out_raw(struct json_out *o, const char *key, struct slice json)
{
	begin(o, key);
	put(o, json.p, json.n);
}

static void
two_digits(char *p, int64_t v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
}

/*
 * The civil date of a day since 1970, by counting in eras of 400 years that
 * begin in March, so that the leap day is the last of its year.
 */
static void
civil(int64_t day, int64_t *y, int64_t *m, int64_t *d)
{
	int64_t era, of_era, year, of_year, month;

	day += 719468;
	era = (day >= 0 ? day : day - 146096) / 146097;
	of_era = day - era * 146097;
	year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	*d = of_year - (153 * month + 2) / 5 + 1;
	*m = month < 10 ? month + 3 : month - 9;
	*y = year + era * 400 + (*m <= 2);
}

void
web_time_write(store_time t, char out[WEB_TIME_TEXT + 1])
{
	const int64_t day_ms = 86400000, last = 253402300799999; /* 9999 */
	int64_t y, m, d, ms;

	t = t < 0 ? 0 : t > last ? last : t;
	civil(t / day_ms, &y, &m, &d);
	ms = t % day_ms;
	memcpy(out, "0000-00-00T00:00:00.000Z", WEB_TIME_TEXT + 1);
	two_digits(out, y / 100);
	two_digits(out + 2, y);
	two_digits(out + 5, m);
	two_digits(out + 8, d);
	two_digits(out + 11, ms / 3600000);
	two_digits(out + 14, ms / 60000 % 60);
	two_digits(out + 17, ms / 1000 % 60);
	out[20] = (char)('0' + ms / 100 % 10);
	two_digits(out + 21, ms);
}

void
json_out_time(struct json_out *o, const char *key, store_time value)
{
	char text[WEB_TIME_TEXT + 1];

	web_time_write(value, text);
	json_out_word(o, key, text);
}
