import Kernels
import TestSupport
import Testing

/// Attention over several blocks, against binary64 on the numbers before they were quantized.
@Suite struct CodedAccuracyTests {
  /// The error that quantizing allows: half a unit in each element of key, query and value, and
  /// what scores off by so much make of the weights.
  @Test(
    arguments: InstructionSet.available, [(8, 300), (32, 1), (64, 127), (100, 300), (128, 128)])
  func closeToBinary64(isa: InstructionSet, size: (head: Int, count: Int)) throws {
    let (head, count) = size
    let kernels = try KernelSet(isa)
    var random = SplitMix(UInt64(head * count))
    let cache = CodedKeyValues(heads: 2, headDimension: head, maskRows: 2)
    cache.reserve(count)
    let (keys, values) = (
      FloatMatrix(rows: count, columns: head), FloatMatrix(rows: count, columns: head)
    )
    for j in 0..<count {
      keys.set(j, random.normals(head))
      values.set(j, random.normals(head))
      for h in 0..<2 { cache.store(key: keys[j], value: values[j], head: h, position: j, kernels) }
      for row in 0..<2 { cache[maskRow: row, j] = abs(random.normal()) }
    }
    let query = FloatMatrix(rows: 1, columns: head)
    query.set(0, random.normals(head))
    let scale = 1 / Float(head).squareRoot()
    let coded = CodedQueries(1, headDimension: head)
    coded.set(
      0, query[0], scale: scale, seen: 0..<count, maskRow: 1, least: nil, kernels)
    let parts = AttentionParts(queries: 1, headDimension: head, slots: 3)
    let memory = CodedMemory(queries: 1, headDimension: head)
    parts.begin(0)
    for block in 0..<cache.blockCount {
      parts.attend(
        from: 0..<1, of: coded, to: cache, head: 1, block: block, slot: block % 3, memory, kernels)
      parts.add(block % 3, to: 0, kernels)
    }
    let out = FloatMatrix(rows: 1, columns: head)
    parts.finish(0, into: out[0], kernels)

    let q = query.row(0)
    let masks = (0..<count).map { Double(cache[maskRow: 1, $0]) }
    var scores: [Double] = []
    var worst = 0.0
    for j in 0..<count {
      let k = keys.row(j)
      var (score, off) = (0.0, 0.0)
      for c in 0..<head {
        score += Double(q[c]) * Double(k[c])
        off += abs(Double(q[c])) * halfUnit(k) + (abs(Double(k[c])) + halfUnit(k)) * halfUnit(q)
      }
      scores.append(score * Double(scale) + masks[j])
      worst = max(worst, off * Double(scale) + 1e-5)
    }
    let most = scores.max() ?? 0
    let weights = scores.map { deterministicExp($0 - most) }
    let total = weights.reduce(0, +)
    let largest = (0..<count).map { halfUnit(values.row($0)) }.max() ?? 0
    // Each weight is off by a factor up to e^±worst, and so is their sum; a code of a weight is off
    // by half a unit of 1 / 32767.
    let factor = deterministicExp(2 * worst)
    let perWeight: Double = factor - 1 + Double(count) / 65534
    let allowed: Double = perWeight * largest * 254 + largest * factor + 1e-5
    var sum = 0.0
    for c in 0..<head {
      var exact = 0.0
      for j in 0..<count { exact += weights[j] * Double(values.value(j, c)) }
      let error = abs(Double(out.value(0, c)) - exact / total)
      #expect(error <= allowed)
      sum += error
    }
    // On average the bound is met by far.
    #expect(sum / Double(head) <= 0.02)
  }

  private func halfUnit(_ x: [Float]) -> Double {
    Double(x.reduce(0) { max($0, abs($1)) }) / 254 * 1.001
  }
}
