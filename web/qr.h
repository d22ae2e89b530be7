/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_QR_H
#define WEB_QR_H

#include <stdbool.h>
#include <stdio.h>

/* Writes text as a QR code in SVG.  False: too long, or nothing is written. */
bool qr_svg(FILE *to, const char *text);

#endif
