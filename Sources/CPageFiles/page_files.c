// Files that the programs carry with them. `#embed` puts them there at no cost, where the compiler
// of Swift takes a second for 5 kB of an array's literal, which is how the package manager embeds.
#include "page_files.h"

// It came with C23, and clang has it for C of all years.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char body[] = {
#embed "Web/body.html"
};

static const unsigned char sheet[] = {
#embed "Web/page.css"
};

static const unsigned char script[] = {
#embed "Web/elements.js"
    , '\n',
#embed "Web/numbers.js"
    , '\n',
#embed "Web/time-charts.js"
    , '\n',
#embed "Web/histograms.js"
    , '\n',
#embed "Web/rate-chart.js"
    , '\n',
#embed "Web/decisions.js"
    , '\n',
#embed "Web/account.js"
    , '\n',
#embed "Web/parts.js"
    , '\n',
#embed "Web/banner.js"
    , '\n',
#embed "Web/polling.js"
};

static const unsigned char runbook[] = {
#embed "../../docs/runbook.md"
};

#define FILE_OF(array) ((struct tamis_page_file){array, sizeof array})

struct tamis_page_file tamis_page_body(void) { return FILE_OF(body); }

struct tamis_page_file tamis_page_sheet(void) { return FILE_OF(sheet); }

struct tamis_page_file tamis_page_script(void) { return FILE_OF(script); }

struct tamis_page_file tamis_page_runbook(void) { return FILE_OF(runbook); }
