import Diagnostics
import Glibc
import Meter

// The two functions that libFuzzer calls. Which parser gets the input is said by `--target=NAME`,
// an argument of a form that libFuzzer leaves alone.

nonisolated(unsafe) private var target: (([UInt8]) throws -> Void)?

/// Called once; chooses the target.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _: UnsafeMutablePointer<Int32>, _: UnsafeMutableRawPointer
) -> Int32 {
  let option = "--target="
  let name = CommandLine.arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count) ?? ""
  guard let found = targets[String(name)] else {
    print(targets.keys.sorted().joined(separator: "\n"))
    exit(name.isEmpty ? 0 : 64)
  }
  target = found
  return 0
}

/// Called with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  meter_begin(count)
  defer { meter_end() }
  do {
    try target?(input)
  } catch {
    tell(error)
  }
  return 0
}

/// Every error has a text for the user, of reasonable length.
private func tell(_ error: any Error) {
  guard let error = error as? any Diagnosable else {
    preconditionFailure("not diagnosable: \(error)")
  }
  let diagnostic = error.diagnostic
  precondition(!diagnostic.message.isEmpty && diagnostic.message.utf8.count <= 1 << 16)
}
