import Kernels

/// Memory for one thread's part of attention; it grows with the number of keys.
final class AttentionScratch: Sendable {
  let queries: FloatMatrix  // [queries, hd], then the weighted sums
  let scores: FloatMatrix  // [queries, keys]
  let packedQueries: FloatMatrix
  let packedScores: FloatMatrix
  let kept: FloatMatrix  // [queries, keys], masks with what is pruned
  let sums: FloatMatrix  // [queries], denominators of softmax

  init(queries count: Int, headDimension: Int, keys: Int) {
    queries = FloatMatrix(rows: count, columns: headDimension)
    scores = FloatMatrix(rows: count, columns: keys)
    packedQueries = FloatMatrix(rows: 1, columns: count * headDimension)
    packedScores = FloatMatrix(rows: 1, columns: count * keys)
    kept = FloatMatrix(rows: count, columns: keys)
    sums = FloatMatrix(rows: 1, columns: count)
  }

  private init(sharing scratch: AttentionScratch) {
    queries = scratch.queries.shared()
    scores = scratch.scores.shared()
    packedQueries = scratch.packedQueries.shared()
    packedScores = scratch.packedScores.shared()
    kept = scratch.kept.shared()
    sums = scratch.sums.shared()
  }

  /// The same for another thread, by objects of its own.
  func shared() -> AttentionScratch { AttentionScratch(sharing: self) }

  /// Whether it has room for so many queries and keys.
  func holds(queries: Int, keys: Int) -> Bool {
    scores.rows >= queries && scores.columns >= keys
  }
}
