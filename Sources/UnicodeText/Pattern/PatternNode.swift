/// A regular expression as a tree.
indirect enum PatternNode {
  case empty
  /// One scalar of a set.
  case scalar(PatternSet)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  /// Some number of repetitions; no end if `most` is nil.
  case repeated(PatternNode, least: Int, most: Int?, isPossessive: Bool)
  /// Once matched, no other way is tried.
  case atomic(PatternNode)
  /// What must follow, or must not.
  case ahead(PatternNode, negated: Bool)
  /// What must stand before, or must not.
  case behind(PatternNode, negated: Bool)
  case anchor(PatternAnchor)

  /// How many scalars a match has, at least and at most; nil for no end.
  var lengths: (least: Int, most: Int?) {
    switch self {
    case .empty, .ahead, .behind, .anchor: return (0, 0)
    case .scalar: return (1, 1)
    case .atomic(let node): return node.lengths
    case .sequence(let nodes):
      return nodes.reduce((0, 0)) { sum, node in
        let next = node.lengths
        return (add(sum.least, next.least), sum.most.flatMap { a in next.most.map { add(a, $0) } })
      }
    case .alternatives(let nodes):
      let lengths = nodes.map(\.lengths)
      let most = lengths.reduce(0 as Int?) { most, next in
        most.flatMap { a in next.most.map { max(a, $0) } }
      }
      return (lengths.map(\.least).min() ?? 0, most)
    case .repeated(let node, let least, let most, _):
      let one = node.lengths
      return (
        times(one.least, least),
        one.most == 0 ? 0 : most.flatMap { m in one.most.map { times($0, m) } }
      )
    }
  }

  // Numbers in a pattern may be large; beyond a million it makes no difference how much.
  private func add(_ a: Int, _ b: Int) -> Int { min(a + b, 1_000_000) }
  private func times(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? 1_000_000 : min(product, 1_000_000)
  }
}

/// A condition on a place in a text.
enum PatternAnchor {
  case textStart, textEnd, lastLineEnd, lineStart, lineEnd, wordBorder, noWordBorder
}
