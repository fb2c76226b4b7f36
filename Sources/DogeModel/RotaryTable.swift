import Kernels
import Synchronization

/// Cosines and sines of positions, computed once for all calls that share their frequencies.
final class RotaryTable: Sendable {
  /// Rows of cosines and sines `[positions, hd/2]`, whose first is that of `first`.
  struct Rows: Sendable {
    let cosine: FloatMatrix
    let sine: FloatMatrix
    let first: Int

    /// The same for another thread, by objects of its own.
    func shared() -> Rows { Rows(cosine: cosine.shared(), sine: sine.shared(), first: first) }
  }

  private let embedding: RotaryEmbedding
  /// From position 0 on, for each set of frequencies that does not depend on a call's length.
  private let tables = Mutex<[Bool: Rows]>([:])

  init(_ embedding: RotaryEmbedding) { self.embedding = embedding }

  /// Rows that cover the positions of a call.
  func table(for positions: Range<Int>) -> Rows {
    guard let set = embedding.sharedFrequencies(length: positions.upperBound) else {
      let (cosine, sine) = embedding.table(for: positions)
      return Rows(cosine: cosine, sine: sine, first: positions.lowerBound)
    }
    return tables.withLock { tables in
      if let rows = tables[set], rows.cosine.rows >= positions.upperBound { return rows }
      let count = max(64, 2 * (tables[set]?.cosine.rows ?? 0), positions.upperBound)
      let (cosine, sine) = embedding.table(
        for: 0..<count, length: positions.upperBound)
      let rows = Rows(cosine: cosine, sine: sine, first: 0)
      tables[set] = rows
      return rows
    }
  }
}
