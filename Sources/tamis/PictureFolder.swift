internal import Analysis
internal import CLinux
internal import CommandFrame
internal import DurableFiles
internal import Glibc

/// A folder of a report's pictures.
struct PictureFolder {
  private let path: String

  init(_ path: String) { self.path = path }

  /// Whether nothing lies in it; also where it is not there.
  static func isEmpty(_ path: String) throws -> Bool {
    guard let folder = opendir(path) else { return true }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Itself and its parent.
    return count <= 2
  }

  /// Writes the pictures as SVG, and as PDF where rsvg-convert is installed; returns the paths. A PDF
  /// that cannot be made is reported on stderr.
  func write(_ files: [PictureFiles.File], replacing: Bool) throws -> [String] {
    var written: [String] = []
    var canConvert = true
    for file in files {
      let svg = "\(path)/\(file.name)"
      try ReplacedFile.write(file.text.utf8, to: svg, replacing: replacing)
      written.append(svg)
      guard canConvert else { continue }
      let pdf = "\(svg.dropLast(4)).pdf"
      // Another name until the file is whole; a signal and the end of this process remove that file.
      let partial = "\(pdf).writing-\(getpid())"
      let slot = tamis_temporary_add(partial)
      defer {
        unlink(partial)
        tamis_temporary_forget(slot)
      }
      switch Self.run("rsvg-convert", ["--format=pdf", "--output=\(partial)", "--", svg]) {
      case .ended(0):
        guard rename(partial, pdf) == 0 else { throw SystemCallError("rename", file: pdf) }
        written.append(pdf)
      case .ended(let status): complain("\(pdf): rsvg-convert ended with status \(status)")
      case .notThere:
        canConvert = false
        complain("no PDF files: there is no rsvg-convert; Debian has it in librsvg2-bin")
      }
    }
    return written
  }

  private enum Ending {
    case ended(Int32)
    case notThere
  }

  /// Runs a program of the search path to its end.
  private static func run(_ program: String, _ arguments: [String]) -> Ending {
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    // The program needs nothing of the environment.
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var process: pid_t = 0
    guard posix_spawnp(&process, program, nil, nil, words, &environment) == 0 else {
      return .notThere
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      if errno != EINTR { return .ended(-1) }
    }
    return .ended(status & 0x7f == 0 ? status >> 8 & 0xff : -1)
  }
}
