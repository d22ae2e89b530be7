/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ITSUMO_WEB_PAGES_PAGES_H
#define ITSUMO_WEB_PAGES_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the browser gets, held in the binary: written by embed.py when the
 * server is built, read-only, alive as long as the process.
 *
 * A page stands under its path ("/", "/account/history", …) once in each
 * language; "/404" and "/error" are pages too, to be sent with a status of
 * 404 or 5xx.  An asset stands under "/a/" with the hash of its content in its
 * name and with lang "".
 */
struct web_asset {
	const char *path;
	const char *lang; /* "ja", "en", or "" for what has no language */
	const char *mime; /* the whole value of Content-Type */
	const char *etag; /* the whole value of ETag: weak (RFC 9110 8.8.3.3),
			   * so that it holds for both encodings */
	const uint8_t *bytes;
	size_t n;
	const uint8_t *gzip; /* NULL where compression saves nothing */
	size_t gzip_n;
	bool immutable; /* its name changes with its content: cache for ever;
			 * else the browser has to ask each time */
};

/* Sorted by path, then by lang, both as strcmp() does. */
extern const struct web_asset web_assets[];
extern const size_t web_asset_count;

#endif
