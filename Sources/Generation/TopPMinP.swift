extension TokenDistribution {
  /// Top-p: drops the least likely tokens that have at most `1 - share` together.
  mutating func keepMass(_ share: Double) {
    let dropped = Float(1 - share)
    // Tokens this unlikely have less than half of that share together, however many they are.
    // They are the first to go, and need not be sorted.
    let surelyDropped = Float((1 - share) / Double(2 * candidates.count))
    var mass = 0.0
    var order: [(key: UInt64, probability: Double)] = []
    for candidate in candidates {
      let probability = rounded(candidate)
      if probability < surelyDropped {
        mass += Double(probability)
      } else {
        order.append((candidate.sortKey, Double(probability)))
      }
    }
    order.sort { $0.key < $1.key }
    // The last one stays in any case.
    var first = 0
    while first < order.count - 1 {
      mass += order[first].probability
      guard Float(mass) <= dropped else { break }
      first += 1
    }
    let least = order[first].key
    remove { $0.sortKey < least }
  }

  /// Min-p: drops tokens less likely than a share of the most likely one.
  mutating func keepLikely(_ share: Double) {
    let total = total
    let least = Float(share) * Float(1 / total)  // The most likely one's weight is 1.
    remove { Float($0.weight / total) < least }
  }

  /// The probability as single precision holds it.
  private func rounded(_ candidate: Candidate) -> Float { Float(probability(of: candidate)) }
}

extension TokenDistribution.Candidate {
  /// Orders candidates by score, those with the same score by id.
  fileprivate var sortKey: UInt64 {
    let bits = (score + 0).bitPattern  // −0 becomes 0
    let ordered = bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    return UInt64(ordered) << 32 | UInt64(id)
  }
}
