import Diagnostics
import LibC

/// What comes in on a descriptor, line by line or as a whole.
///
/// Waiting ends when the user interrupts: a plain read would begin anew after a signal.
package final class StandardInput {
  /// What a wait for a line ended with.
  package enum Line: Equatable, Sendable {
    /// A line without its line feed.
    case text([UInt8])
    /// The input has ended.
    case end
    /// The user interrupted.
    case interrupted
  }

  let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isAtEnd = false
  /// The bytes before the last line that was read.
  package private(set) var lineOffset = 0
  private var consumed = 0

  /// The process's stdin, unless another descriptor is given.
  package init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

  /// Whether the descriptor is a terminal.
  package var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The next line.
  ///
  /// - Parameter limit: the most bytes that a line may have.
  /// - Returns: the line; the last one may lack its line feed.
  /// - Throws: `InputError`.
  package func readLine(limit: Int = Limits.standardInputLine) throws(InputError) -> Line {
    var searched = 0
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        var line = Array(buffer[..<end])
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        buffer.removeSubrange(...end)
        lineOffset = consumed
        consumed += end + 1
        return .text(line)
      }
      guard buffer.count <= limit else { throw .tooLong(limit: limit) }
      searched = buffer.count
      if isAtEnd {
        guard !buffer.isEmpty else { return .end }
        defer { buffer = [] }
        lineOffset = consumed
        return .text(buffer)
      }
      guard try fill() else { return .interrupted }
    }
  }

  /// Whether something can be read without waiting for it, if only the end.
  package var isReady: Bool {
    if isAtEnd || buffer.contains(UInt8(ascii: "\n")) { return true }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&request, 1, 0) > 0
  }

  /// Everything up to the end.
  ///
  /// - Parameter limit: the most bytes that are taken.
  /// - Returns: the bytes.
  /// - Throws: `InputError`, or `Interruption`.
  package func readAll(limit: Int = Limits.standardInput) throws -> [UInt8] {
    while !isAtEnd {
      guard buffer.count <= limit else { throw InputError.tooLong(limit: limit) }
      guard try fill() else { throw Interruption() }
    }
    return buffer
  }

  /// Waits for more; false where the user interrupted.
  private func fill() throws(InputError) -> Bool {
    while true {
      if InterruptFlag.isSet { return false }
      switch try readAvailable(within: Self.anyTime) {
      case .bytes(let bytes): buffer += bytes
      case .end: isAtEnd = true
      case .nothing, .signal: continue
      }
      return true
    }
  }

  /// What a wait for bytes ended with.
  enum Available {
    case bytes([UInt8])
    case end
    /// The time is over.
    case nothing
    case signal
  }

  /// For a wait without end.
  static let anyTime: Int32 = -1

  /// Waits so many milliseconds for bytes, which go past those that make up lines.
  func readAvailable(within milliseconds: Int32) throws(InputError) -> Available {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    switch unsafe poll(&request, 1, milliseconds) {
    case 0: return .nothing
    case 1...: break
    default:
      if errno == EINTR { return .signal }
      throw .readFailed(reason: unsafe String(cString: strerror(errno)))
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe chunk.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    switch count {
    case 1...: return .bytes(Array(chunk[..<count]))
    case 0: return .end
    default:
      switch errno {
      case EINTR, EAGAIN: return .signal
      // A terminal that has hung up.
      case EIO where isTerminal: return .end
      case let code: throw .readFailed(reason: unsafe String(cString: strerror(code)))
      }
    }
  }
}

/// Why stdin could not be read.
package enum InputError: Error, Equatable, Sendable {
  /// A line, or all of it, is too long.
  case tooLong(limit: Int)
  /// `poll` or `read` failed; the reason is the system's.
  case readFailed(reason: String)
}

extension InputError: Diagnosable {
  package var diagnostic: Diagnostic {
    switch self {
    case .tooLong(let limit):
      Diagnostic(
        .badData, code: "input.too-long", "the input on stdin is longer than \(limit) bytes")
    case .readFailed(let reason):
      Diagnostic(.inputOutput, code: "input.read-failed", "cannot read from stdin: \(reason)")
    }
  }
}
