/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_PLACE_H
#define WEB_SERVER_PLACE_H

#include "store/approvals.h"
#include "web/server/address.h"

/*
 * Where an address is, by an .mmdb file that the operator supplies: "Kyoto,
 * JP".  A hint for the owner of an account; nothing is decided by it.
 */
struct place;

/* NULL where the file cannot be read, and *why says so. */
struct place *place_open(const char *file, const char **why);
void place_close(struct place *p);
/* "" where p is NULL or the address is not in it. */
void place_find(const struct place *p, const struct address *a,
    char out[STORE_PLACE_MAX + 1]);
/* Whose network it is in, from a file of networks: "AS64496 Example Net". */
void place_network(const struct place *p, const struct address *a,
    char out[STORE_NETWORK_NAME_MAX + 1]);

#endif
