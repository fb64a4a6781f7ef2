#include <png.h>
// libpng's own compression library, for its checksum.
#include <zlib.h>
