/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_SPECIAL_H
#define WEB_DELIVER_SPECIAL_H

#include "web/server/address.h"

/*
 * Whether an address is one of the public internet: IPv4, or IPv6 global
 * unicast, and in none of IANA's registries of special-purpose addresses.
 * IPv6 that carries an IPv4 address within is not.
 */
bool special_is_public(const struct address *a);

/*
 * An address of the translator 64:ff9b::/96 (RFC 6052) leads to the IPv4
 * address in its last bytes: true and *to; false for every other address.
 */
bool special_translated(const struct address *a, struct address *to);

#endif
