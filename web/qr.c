/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <qrencode.h>

#include "web/cli.h"

enum { QUIET = 4 }; /* modules around it, ISO/IEC 18004 */

static bool
dark(const QRcode *q, int x, int y)
{
	if (x < 0 || y < 0 || x >= q->width || y >= q->width)
		return false;
	return (q->data[y * q->width + x] & 1) != 0;
}

bool
cli_qr_print(FILE *to, const char *text)
{
	QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (q == NULL)
		return false;
	/* Two rows a line: black on white, whatever the terminal has. */
	for (int y = -QUIET; y < q->width + QUIET; y += 2) {
		fputs("\033[30;107m", to);
		for (int x = -QUIET; x < q->width + QUIET; x++) {
			bool up = dark(q, x, y), down = dark(q, x, y + 1);

			fputs(up && down ? "█"
			      : up       ? "▀"
			      : down     ? "▄"
					 : " ",
			    to);
		}
		fputs("\033[0m\n", to);
	}
	QRcode_free(q);
	return true;
}

bool
cli_qr_svg(const char *file, const char *text)
{
	QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	FILE *f;
	int side;

	if (q == NULL || (f = fopen(file, "we")) == NULL) {
		QRcode_free(q);
		return false;
	}
	side = q->width + 2 * QUIET;
	fprintf(f,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
	    side, side, side, side);
	for (int y = 0; y < q->width; y++)
		for (int x = 0; x < q->width; x++)
			if (dark(q, x, y))
				fprintf(
				    f, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
	fputs("\"/></svg>\n", f);
	QRcode_free(q);
	return fclose(f) == 0;
}
