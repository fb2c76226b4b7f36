/// Where the entries of a tensor's axis go in a longer one, some of them more than once.
///
/// What nothing goes to is zero.
struct AxisMap: Equatable, Sendable {
  /// Neighbours that stay neighbours.
  struct Run: Equatable, Sendable {
    /// Where they stand.
    let source: Range<Int>
    /// Where the first of them goes.
    let targets: [Int]
  }

  /// All runs, in the order of their sources.
  let runs: [Run]
  /// The length of the new axis.
  let count: Int

  /// The values of a vector on the new axis.
  func spread(_ values: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    for run in runs {
      for target in run.targets {
        result.replaceSubrange(target..<target + run.source.count, with: values[run.source])
      }
    }
    return result
  }
}
