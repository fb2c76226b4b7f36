/// A pattern of tensor names: `*` stands for any characters, `?` for one.
public struct Glob: Equatable, Sendable {
  /// The pattern as it was written.
  public let pattern: String

  /// The pattern of that text.
  public init(_ pattern: String) { self.pattern = pattern }

  /// Whether the whole of `name` matches.
  public func matches(_ name: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let name = Array(name.utf8)
    var p = 0
    var n = 0
    // Where the last star stands, and what it has taken so far.
    var star: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
