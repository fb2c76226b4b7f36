import CKernels
import Parallel
import TensorCore

/// The tokens that may be drawn: their scores and weights, in memory that is used again.
///
/// A cut says which of them stay, so that nothing moves where most of a vocabulary does.
@safe package final class CandidateTable: @unchecked Sendable {
  /// How many tokens are held, those that were dropped since among them.
  package private(set) var count = 0
  /// The sum of the weights of those that stay, added one after the other.
  package private(set) var total = 0.0
  private let compute: Compute
  private let capacity: Int
  private let ids: UnsafeMutablePointer<UInt32>
  private let scratch: UnsafeMutablePointer<UInt32>
  private let scores: UnsafeMutablePointer<Float>
  private let weights: UnsafeMutablePointer<Double>
  /// Whether every token of the vocabulary is held, so that `ids` says nothing.
  private var isWhole = false
  private var largest: Float = 0
  private var cut = kb_cut(least: -.infinity, first: 0)

  /// Room for so many tokens.
  package init(capacity: Int, compute: Compute) {
    self.compute = compute
    self.capacity = capacity.roundedUp(to: TensorGeometry.tileRows)
    unsafe ids = .allocate(capacity: self.capacity)
    unsafe scratch = .allocate(capacity: self.capacity)
    unsafe scores = .allocate(capacity: self.capacity)
    unsafe weights = .allocate(capacity: self.capacity)
  }

  deinit {
    unsafe ids.deallocate()
    unsafe scratch.deallocate()
    unsafe scores.deallocate()
    unsafe weights.deallocate()
  }

  private var table: UnsafePointer<kb_kernels> { unsafe compute.kernels.table }
  /// Kernels take whole vectors.
  private var padded: UInt32 { UInt32(count.roundedUp(to: TensorGeometry.tileRows)) }

  /// Takes the k tokens with the largest scores, and those whose score equals the last of them.
  ///
  /// - Parameters:
  ///   - k: how many; 0 for all.
  ///   - logits: one for each token.
  ///   - temperature: what they are divided by.
  /// - Returns: whether the scores are numbers, and the largest one is finite.
  package func take(
    _ k: Int, of logits: Span<Float>, dividedBy temperature: Float
  ) -> Bool {
    precondition(logits.count <= capacity && !logits.isEmpty, "another vocabulary")
    cut = kb_cut(least: -.infinity, first: 0)
    isWhole = k <= 0 || k >= logits.count
    unsafe logits.withUnsafeBufferPointer { logits in
      guard let base = logits.baseAddress else { return }
      if isWhole {
        count = logits.count
        unsafe table.pointee.divide(base, temperature, UInt32(count), scores)
      } else {
        unsafe takeLargest(k, of: base, UInt32(logits.count), dividedBy: temperature)
      }
    }
    guard count > 0 else { return false }
    fillLastVector()
    _ = unsafe table.pointee.largest(scores, UInt32(count), &largest)
    return largest.isFinite
  }

  private func takeLargest(
    _ k: Int, of logits: UnsafePointer<Float>, _ size: UInt32, dividedBy temperature: Float
  ) {
    count = 0
    let reached = unsafe table.pointee.often_reached(logits, size, UInt32(k))
    guard !reached.isNaN else { return }
    // Several logits may have the same score: all down to the least that has it are looked at.
    var least = reached
    var steps = 0
    while least.nextDown / temperature >= reached / temperature, steps < 8 {
      least = least.nextDown
      steps += 1
    }
    if steps == 8 { least = -.infinity }
    count = unsafe Int(table.pointee.reaching(logits, size, least, ids))
    for index in 0..<count { unsafe scores[index] = logits[Int(ids[index])] / temperature }
    let bound = unsafe table.pointee.kth_largest(scores, UInt32(count), UInt32(k))
    var kept = 0
    for index in 0..<count where unsafe scores[index] >= bound {
      unsafe scores[kept] = scores[index]
      unsafe ids[kept] = ids[index]
      kept += 1
    }
    count = kept
  }

  /// Takes tokens as they are.
  package func take(_ tokens: [(id: Int, score: Float, weight: Double)]) {
    precondition(tokens.count <= capacity, "too many tokens")
    cut = kb_cut(least: -.infinity, first: 0)
    isWhole = false
    count = tokens.count
    fillLastVector()
    for (index, token) in tokens.enumerated() {
      unsafe ids[index] = UInt32(token.id)
      unsafe scores[index] = token.score
      unsafe weights[index] = token.weight
    }
    addUp()
  }

  private func fillLastVector() {
    for index in count..<Int(padded) {
      unsafe scores[index] = -.infinity
      unsafe weights[index] = 0
    }
  }

  /// Gives each token the weight exp(score − the largest score).
  package func weigh() {
    let pieces = padded < 4096 ? 1 : compute.pool.threadCount
    let job = unsafe Weighing(
      table: table, scores: scores, weights: weights, largest: largest, count: Int(padded),
      pieces: pieces)
    unsafe compute.pool.run(pieces, job) { job, piece in
      unsafe job.load(as: Weighing.self).run(piece)
    }
    addUp()
  }

  /// Drops the tokens with the least scores, of equals those with the lowest ids, as long as they
  /// have at most such a share of the mass together; the last one stays.
  package func drop(mass: Float) {
    unsafe cut = table.pointee.mass_cut(scores, weights, padded, total, mass, scratch)
    addUp()
  }

  /// Drops tokens with a probability below `least`.
  package func drop(below least: Float) {
    unsafe table.pointee.drop_unlikely(scores, weights, padded, cut, total, least)
    cut = kb_cut(least: -.infinity, first: padded)
    addUp()
  }

  private func addUp() {
    _ = unsafe table.pointee.add_until(scores, weights, padded, cut, .infinity, &total)
  }

  /// The first token with which the sum of weights exceeds a limit, or else the last with a weight.
  ///
  /// - Returns: its place; nil where none has a weight.
  package func place(beyond limit: Double) -> Int? {
    var sum = 0.0
    let place = unsafe Int(
      table.pointee.add_until(scores, weights, padded, cut, limit, &sum))
    if place < count { return place }
    return (0..<count).last { unsafe isKept($0) && weights[$0] > 0 }
  }

  /// Whether the token at a place has not been dropped.
  package func isKept(_ place: Int) -> Bool {
    let score = score(at: place)
    return score > cut.least || score == cut.least && place >= Int(cut.first)
  }

  /// The token at a place.
  package func id(at place: Int) -> Int {
    precondition(place >= 0 && place < count, "no such place")
    return unsafe isWhole ? place : Int(ids[place])
  }

  /// The score of the token at a place.
  package func score(at place: Int) -> Float {
    precondition(place >= 0 && place < count, "no such place")
    return unsafe scores[place]
  }

  /// The weight of the token at a place.
  package func weight(at place: Int) -> Double {
    precondition(place >= 0 && place < count, "no such place")
    return unsafe weights[place]
  }
}

/// The weights of all tokens, cut into pieces of whole vectors.
@safe private struct Weighing: BitwiseCopyable {
  let table: UnsafePointer<kb_kernels>
  let scores: UnsafePointer<Float>
  let weights: UnsafeMutablePointer<Double>
  let largest: Float
  let count: Int
  let pieces: Int

  func run(_ piece: Int) {
    let vectors = count / TensorGeometry.tileRows
    let first = vectors * piece / pieces * TensorGeometry.tileRows
    let last = vectors * (piece + 1) / pieces * TensorGeometry.tileRows
    unsafe table.pointee.weigh(scores + first, largest, UInt32(last - first), weights + first)
  }
}
