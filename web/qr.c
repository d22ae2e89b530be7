/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <qrencode.h>

#include "web/cli.h"
#include "web/qr.h"

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

/* The modules of one row, as many at a time as lie side by side. */
static void
draw_row(FILE *f, const QRcode *q, int y)
{
	for (int x = 0, n; x < q->width; x += n + 1) {
		for (n = 0; dark(q, x + n, y); n++)
			;
		if (n > 0)
			fprintf(
			    f, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
	}
}

bool
qr_svg(FILE *f, const char *text)
{
	QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int side;

	if (q == NULL)
		return false;
	side = q->width + 2 * QUIET;
	fprintf(f,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
	    side, side, side, side);
	for (int y = 0; y < q->width; y++)
		draw_row(f, q, y);
	fputs("\"/></svg>\n", f);
	QRcode_free(q);
	return ferror(f) == 0;
}

bool
cli_qr_svg(const char *file, const char *text)
{
	int fd = open(
	    file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	struct stat st;
	FILE *f = NULL;
	bool good;

	/* Who can read the picture has the link; also where it was before. */
	good = fd >= 0 && fstat(fd, &st) == 0 &&
	       (!S_ISREG(st.st_mode) || fchmod(fd, 0600) == 0);
	if (!good || (f = fdopen(fd, "w")) == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	good = qr_svg(f, text);
	return fclose(f) == 0 && good;
}
