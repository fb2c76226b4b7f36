import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

#if !canImport(Darwin)
  // The C library has these, but Swift sees none of what it declares for X/Open or GNU.
  @_silgen_name("posix_openpt") private func posix_openpt(_ flags: Int32) -> Int32
  @_silgen_name("grantpt") private func grantpt(_ terminal: Int32) -> Int32
  @_silgen_name("unlockpt") private func unlockpt(_ terminal: Int32) -> Int32
  @_silgen_name("ptsname") private func ptsname(_ terminal: Int32) -> UnsafeMutablePointer<CChar>?
  let POSIX_SPAWN_SETSID = Int32(0x80)
#endif

/// The program at a terminal of its own, where stderr is a file.
final class TerminalSession {
  private let terminal: Int32
  private let child: Child
  private var seen: [UInt8] = []
  /// What was seen before the last text that was waited for ended.
  private var passed = 0

  init(_ arguments: [String], type: String = "xterm", columns: Int = 80) throws {
    terminal = posix_openpt(O_RDWR | O_NOCTTY)
    try #require(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
    // Programs that other tests start in between don't inherit it.
    _ = fcntl(terminal, F_SETFD, FD_CLOEXEC)
    let name = try #require(ptsname(terminal).map { String(cString: $0) })
    var size = winsize()
    (size.ws_col, size.ws_row) = (UInt16(columns), 24)
    try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
    let output = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    defer { close(output) }
    let path = try #require(Program.path, "the program is not beside the tests")
    child = try Child(
      ["TERM=\(type)", "LANG=C", path] + arguments, program: "/usr/bin/env", inputPath: name,
      output: output, leadsSession: true)
  }

  deinit { close(terminal) }

  /// Presses keys.
  func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(terminal, bytes, bytes.count)
  }

  func send(_ signal: Int32) { child.send(signal) }

  /// Waits until the terminal is sent a text, behind the last one that was waited for.
  func expect(_ text: String, location: SourceLocation = #_sourceLocation) throws {
    let wanted = Array(text.utf8)
    for _ in 0..<2000 {
      let rest = seen[passed...]
      if let range = rest.firstRange(of: wanted) {
        passed = range.upperBound
        return
      }
      receive(within: 10)
    }
    Issue.record(
      "\(text.debugDescription) is not in \(transcript.debugDescription)", sourceLocation: location)
  }

  /// Everything that the terminal was sent.
  var transcript: String { String(decoding: seen, as: UTF8.self) }

  /// Whether the terminal hands on lines and shows what is typed, as it did before.
  var takesLines: Bool {
    var state = termios()
    guard tcgetattr(terminal, &state) == 0 else { return false }
    let wanted = tcflag_t(ICANON) | tcflag_t(ECHO) | tcflag_t(ISIG)
    return state.c_lflag & wanted == wanted
  }

  /// Waits for the end of the program.
  func wait() throws -> Run {
    let run = try child.wait()
    while receive(within: 0) {}
    return run
  }

  @discardableResult
  private func receive(within milliseconds: Int32) -> Bool {
    var request = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, milliseconds) > 0 else { return false }
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = read(terminal, &chunk, chunk.count)
    guard count > 0 else { return false }
    seen += chunk[..<count]
    return true
  }
}
