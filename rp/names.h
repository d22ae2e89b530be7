/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_NAMES_H
#define RP_NAMES_H

#include <stdbool.h>

/* Empty, or letters, digits and hyphens, as many as the store keeps. */
bool rp_locale_valid(const char *locale);

#endif
