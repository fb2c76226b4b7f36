import CKernels
import TensorCore

// Operations on rows; formats/numerics.md says what each one computes, to the bit.

extension KernelSet {
  /// Lane sum of a[i] · b[i].
  package func dot(_ a: FloatRow, _ b: FloatRow) -> Float {
    assert(a.count == b.count, "rows of different lengths")
    return unsafe table.pointee.dot(a.base, b.base, UInt32(a.count))
  }

  /// y[i] = fma(s, a[i], y[i]).
  package func axpy(_ s: Float, _ a: FloatRow, into y: FloatRow) {
    assert(a.count >= y.count, "too few elements")
    unsafe table.pointee.axpy(s, a.base, UInt32(y.count), y.base)
  }

  /// y[i] += a[i].
  package func add(_ a: FloatRow, to y: FloatRow) {
    assert(a.count >= y.count, "too few elements")
    unsafe table.pointee.add(y.base, a.base, UInt32(y.count))
  }

  /// y[i] = x[i] / divisor; y may be x.
  package func divide(_ x: FloatRow, by divisor: Float, into y: FloatRow) {
    assert(x.count >= y.count, "too few elements")
    unsafe table.pointee.divide(x.base, divisor, UInt32(y.count), y.base)
  }

  /// y = w ⊙ (x / √(mean(x²) + ε)); y may be x.
  package func rmsNorm(_ x: FloatRow, weight w: FloatRow, epsilon: Float, into y: FloatRow) {
    assert(x.count == w.count && y.count == w.count, "rows of different lengths")
    unsafe table.pointee.rms_norm(x.base, w.base, epsilon, UInt32(w.count), y.base)
  }

  /// x[i] = fma(gate[i], x[i], a[i]).
  package func gatedAdd(_ x: FloatRow, gate: FloatRow, _ a: FloatRow) {
    assert(x.count == gate.count && a.count >= gate.count, "rows of different lengths")
    unsafe table.pointee.gated_add(x.base, gate.base, a.base, UInt32(gate.count))
  }

  /// gate[i] = activation(gate[i]) · up[i].
  package func activate(_ gate: FloatRow, _ function: ActivationFunction, times up: FloatRow) {
    assert(up.count >= gate.count, "too few elements")
    unsafe table.pointee.activate(function.kernelCode, gate.base, up.base, UInt32(gate.count))
  }

  /// Rotates the pairs (x[i], x[i + half]) by angles whose cosines and sines are given, `[half]`.
  package func rotate(_ x: FloatRow, cosine: FloatRow, sine: FloatRow) {
    assert(x.count == 2 * cosine.count && sine.count == cosine.count, "rows of different lengths")
    unsafe table.pointee.rotate(x.base, cosine.base, sine.base, UInt32(cosine.count))
  }

  /// log Σ exp of a row of logits, in binary64.
  package func logSumExp(_ logits: FloatRow) -> Double {
    unsafe table.pointee.log_sum_exp(logits.base, UInt32(logits.count))
  }

  /// Compares two rows of logits, in binary64.
  func compareLogits(_ reference: FloatRow, _ candidate: FloatRow) -> kb_logit_difference {
    assert(reference.count == candidate.count, "rows of different lengths")
    var out = kb_logit_difference()
    unsafe table.pointee.compare_logits(
      reference.base, candidate.base, UInt32(reference.count), &out)
    return out
  }

  /// The index of the largest value, the first of equals; nil if it is infinite or a value is no
  /// number.
  package func largestIndex(of values: Span<Float>) -> Int? {
    unsafe values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress, !values.isEmpty else { return nil }
      var largest: Float = 0
      let index = unsafe table.pointee.largest(base, UInt32(values.count), &largest)
      return largest.isFinite ? Int(index) : nil
    }
  }

  /// The indices of the largest values in falling order, at most 16; of equals the lower comes first.
  package func largest(_ count: Int, of values: FloatRow) -> [Int] {
    let count = min(count, values.count, 16)
    let indices = unsafe [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress {
        unsafe kb_largest(values.base, UInt32(values.count), UInt32(count), base)
      }
      filled = count
    }
    return indices.map { Int($0) }
  }

  /// A row of a stored matrix as float32.
  package func row(_ row: Int, of stored: StoredMatrix, into out: FloatRow) {
    assert(row >= 0 && row < stored.rows && out.count >= stored.columns)
    let (band, row) = stored.place(of: row)
    unsafe withUnsafePointer(to: band.matrix) {
      unsafe table.pointee.row($0, UInt32(row), out.base)
    }
  }

  // MARK: attention

  /// exp(score · scale + mask − max) of the scores in `range`, +0 for all others.
  ///
  /// - Parameters:
  ///   - scores: in whole tiles of 16, some of them beyond what counts.
  ///   - mask: what is added to each score.
  ///   - scale: a factor of the scores.
  ///   - range: the scores that count.
  ///   - padded: how many are written: a multiple of 16.
  /// - Returns: the sum of the exponentials.
  package func softmax(
    _ scores: FloatRow, mask: FloatRow, scale: Float, range: Range<Int>, padded: Int
  ) -> Float {
    assert(
      scores.count.roundedUp(to: TensorGeometry.tileRows) >= padded
        && mask.count >= range.upperBound, "too few elements")
    return unsafe table.pointee.softmax(
      scores.base, mask.base, scale, UInt32(range.lowerBound), UInt32(range.upperBound),
      UInt32(padded))
  }

  /// Copies the values in `range` with all but the `count` largest set to −∞; of equals the later
  /// stay.
  package func keepLargest(
    _ count: Int, of values: FloatRow, in range: Range<Int>, into out: FloatRow
  ) {
    assert(values.count >= range.upperBound && out.count >= range.upperBound, "too few elements")
    unsafe kb_keep_largest(
      values.base, UInt32(range.lowerBound), UInt32(range.upperBound), UInt32(count), out.base)
  }
}
