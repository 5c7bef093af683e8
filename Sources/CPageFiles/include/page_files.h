#ifndef TAMIS_PAGE_FILES_H
#define TAMIS_PAGE_FILES_H

#include <stddef.h>

/// A text that became part of the program when it was built: UTF-8, without a 0 at its end.
struct tamis_page_file {
  const unsigned char *bytes;
  size_t count;
};

/// The skeleton of the page: every section has its place and its heading.
struct tamis_page_file tamis_page_body(void);

/// The style sheet of the page.
struct tamis_page_file tamis_page_sheet(void);

/// The parts of the script, each of which uses those before it.
struct tamis_page_file tamis_page_script(void);

/// docs/runbook.md.
struct tamis_page_file tamis_page_runbook(void);

#endif
