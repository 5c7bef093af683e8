internal import CLinux
internal import Glibc

/// The folder that `path` lies in: `.` for a bare name.
package func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// `folder/name`.
package func joined(_ folder: String, _ name: String) -> String {
  folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}

/// The part of a path behind its last slash.
package func lastComponent(_ path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// The names in a folder, sorted, without `.` and `..`.
public func fileNames(in folder: String) throws(SystemCallError) -> [String] {
  guard let stream = opendir(folder) else { throw SystemCallError("list", file: folder) }
  defer { closedir(stream) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(stream) else { break }
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  // A listing that broke off would look like a folder of which files were taken away.
  if errno != 0 { throw SystemCallError("list", file: folder) }
  return names.sorted()
}

/// Makes a rename or a new entry in the folder of `path` durable.
func synchroniseFolder(of path: String) throws(SystemCallError) {
  try synchroniseFolder(at: folder(of: path))
}

/// Makes the entries of `folder` durable. Some file systems, most of them on a network, cannot do
/// this for a folder: there the entries are as durable as the server makes them.
func synchroniseFolder(at folder: String) throws(SystemCallError) {
  let handle = try OpenFile(opening: folder, flags: O_RDONLY | O_DIRECTORY)
  do {
    try retryingOnInterrupt("fsync", file: folder) { fsync(handle.descriptor) }
  } catch {
    if ![EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(error.code) { throw error }
  }
}

/// Gives a file another name, not yet durably. Where that name is taken it is replaced, or EEXIST
/// is thrown if `replacing` is false.
func renameFile(_ old: String, to new: String, replacing: Bool) throws(SystemCallError) {
  if replacing {
    try retryingOnInterrupt("rename", file: old) { rename(old, new) }
    return
  }
  let code = tamis_rename_exclusive(old, new)
  if code != 0 { throw SystemCallError("rename", file: new, code: code) }
}
