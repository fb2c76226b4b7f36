import ToolSupport

extension ParsedArguments {
  /// The path of an output that must be a file, or a folder, of its own.
  ///
  /// - Throws: `UsageError` for `-`, which stands for stdin and stdout where these make sense.
  func outputPath(_ option: OptionSpec) throws(UsageError) -> String {
    let path = try required(option)
    guard path != "-" else {
      throw invalid(
        option, path,
        expected: "a path, as what is written is no stream (./- is a file of that name)")
    }
    return path
  }
}
