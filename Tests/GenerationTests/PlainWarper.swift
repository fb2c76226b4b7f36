import Generation
import Kernels

/// Tokens to draw from, made in the plainest way: everything is sorted, and added up one after the
/// other.
struct PlainWarper {
  var tokens: [(id: Int, score: Float, weight: Double)] = []
  private(set) var total = 0.0

  /// nil where a score is no number or the largest is infinite.
  init?(_ logits: [Float], _ options: SamplingOptions) {
    let scores = logits.map { $0 / Float(options.temperature) }
    guard let largest = scores.max(), largest.isFinite else { return nil }
    guard scores.allSatisfy({ !$0.isNaN }) else { return nil }
    let isCut = options.topK > 0 && options.topK < scores.count
    let least = isCut ? scores.sorted(by: >)[options.topK - 1] : -.infinity
    for (id, score) in scores.enumerated() where score >= least {
      tokens.append((id, score, deterministicExp(Double(score - largest))))
    }
    addUp()
    if options.topP < 1 { keepMass(Float(1 - options.topP)) }
    if let minP = options.minP {
      let (total, least) = (total, Float(minP) * Float(1 / total))
      keep { Float($0.weight / total) >= least }
    }
  }

  private mutating func keepMass(_ dropped: Float) {
    let order = tokens.sorted { ($0.score, $0.id) < ($1.score, $1.id) }
    var mass = 0.0
    let last = order.dropLast().first { token in
      mass += Double(Float(token.weight / total))
      return !(Float(mass) <= dropped)
    }
    guard let cut = last ?? order.last else { return }
    keep { ($0.score, $0.id) >= (cut.score, cut.id) }
  }

  private mutating func keep(_ isKept: ((id: Int, score: Float, weight: Double)) -> Bool) {
    tokens = tokens.filter(isKept)
    addUp()
  }

  private mutating func addUp() { total = tokens.reduce(0) { $0 + $1.weight } }

  /// The token that a sampler's next number stands for.
  func drawn(by sampler: inout Sampler) -> Int? {
    let limit = Double(sampler.next() >> 11) * 0x1p-53 * total
    var sum = 0.0
    for token in tokens {
      sum += token.weight
      if sum > limit { return token.id }
    }
    return tokens.last { $0.weight > 0 }?.id
  }
}
