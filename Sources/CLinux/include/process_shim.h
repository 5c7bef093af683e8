// What a process owes its surroundings: standard descriptors that are open, temporary files that
// do not outlive a signal, and output that was really written.
#ifndef TAMIS_PROCESS_SHIM_H
#define TAMIS_PROCESS_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed, so that no file of the
/// program's own gets such a number and is written to by mistake. Call it before anything else.
void tamis_standard_descriptors_open(void);

/// Lets SIGINT, SIGTERM and SIGHUP, where they are not ignored already, end the process by its
/// status 128 + the signal, also as process 1 of a container, whose default is to ignore them.
/// Files named by `tamis_temporary_add` are removed first.
void tamis_signals_end_process(void);

/// Lets a signal that ends the process remove the file at `path`, which may not exist yet.
/// Returns a slot for `tamis_temporary_forget`, or -1 where there is no room (the file then stays).
int tamis_temporary_add(const char *path);

/// The file of that slot was renamed or removed, or the run of that slot is finished.
void tamis_temporary_forget(int slot);

/// Lets a signal that ends the process remove the run that is being written in `folder`: segments 1
/// to the highest told by `tamis_temporary_run_extend`, whose names end in `.KIND` or
/// `.KIND.writing`, and the files beside them. The folder goes, too, where nothing else is in it
/// and `removes_folder`. Returns a slot as `tamis_temporary_add` does.
int tamis_temporary_run_add(const char *folder, const char *kind, bool removes_folder);

/// Segment `index` of the run of that slot is begun next.
void tamis_temporary_run_extend(int slot, uint64_t index);

/// Writes out what stdio holds for stdout. Returns 0, or the errno of the first write that failed
/// now or earlier: EPIPE where nobody reads any more.
int tamis_stdout_flush(void);

/// Writes `count` bytes to `descriptor`, waiting at most `timeout_ms` whenever nobody reads; a part
/// may have been written when it gives up. Returns whether all went out.
bool tamis_write_within(int descriptor, const void *bytes, size_t count, int timeout_ms);

/// Whether a write of up to 4096 bytes to `descriptor` would not wait.
bool tamis_is_writable(int descriptor);

/// Blocks SIGHUP in the calling thread and those it creates later: it waits for whoever takes it.
void tamis_reload_signal_block(void);

/// When a process began, in clock ticks since the machine was started; 0 where it is not to be
/// known. Together with its number it names a process for good.
uint64_t tamis_process_start_ticks(int process);

/// The inode of this process' namespace of process numbers; 0 where it is not to be known.
uint64_t tamis_process_namespace(void);

/// The identifier of this start of the machine, ended by zero. Containers of a machine share it.
bool tamis_boot_identifier(char *text, size_t capacity);

/// The number by which a process knows itself, in the innermost namespace; 0 where it is not to be
/// known.
int tamis_process_inner_number(int process);

#endif
