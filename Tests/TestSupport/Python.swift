import Foundation

/// A Python to check files with that were not written here.
public enum Python {
  /// How the first Python is called that has numpy; nil where none has.
  public static let withNumPy: [String]? = [["/usr/bin/env", "python3"], ["/usr/bin/python3"]]
    .first { (try? call($0 + ["-c", "import numpy"]))?.status == 0 }

  /// Runs the Python that has numpy.
  ///
  /// - Parameter arguments: what stands behind its name.
  /// - Returns: the status and all that was printed, on either stream.
  /// - Throws: what Foundation says where it cannot be started.
  public static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    guard let withNumPy else { throw CocoaError(.executableNotLoadable) }
    return try call(withNumPy + arguments)
  }

  private static func call(_ command: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
