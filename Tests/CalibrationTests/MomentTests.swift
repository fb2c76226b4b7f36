import Calibration
import Kernels
import Parallel
import Testing

@Suite struct MomentTests {
  /// The sum is that of the definition.
  @Test(arguments: [1, 127, 128, 300], [1, 16, 37])
  func directSum(rows: Int, columns: Int) throws {
    let x = correlatedInputs(rows, columns, seed: 1)
    let moments = SecondMoments(
      inputs: columns,
      compute: try Compute(threads: 1))
    moments.add(x, count: rows)
    #expect(moments.count == rows)
    let expected = directMoments(x)
    let scale = expected.indices.reduce(0) { max($0, expected[$1][$1]) }
    for (row, other) in zip(moments.sum().values, expected) {
      for (value, other) in zip(row, other) { #expect(abs(value - other) < 1e-6 * scale) }
    }
  }

  /// Threads, kernels and the way that inputs arrive change no bit.
  @Test func sameBits() throws {
    let x = correlatedInputs(200, 37, seed: 2)
    var expected: [[Double]]?
    for isa in InstructionSet.available {
      for threads in 1...3 {
        let compute = try Compute(isa: isa, threads: threads)
        let moments = SecondMoments(inputs: 37, compute: compute)
        if threads == 2 {
          for row in 0..<200 { moments.add(x, row: row, factor: 1) }
        } else {
          moments.add(x, count: 200)
        }
        let values = moments.sum().values
        #expect(values == expected ?? values)
        expected = values
      }
    }
  }

  /// Factors turn back into what they came from.
  @Test(arguments: [1, 2, 5, 33, 130])
  func inverse(size: Int) throws {
    let moments = directMoments(correlatedInputs(3 * size, size, seed: 4))
    for threads in [1, 3] {
      let factor = try InverseFactor(
        DoubleMatrix(moments), damping: 0.01, pool: ThreadPool(threads: threads))
      #expect(factor.damping == 0.01)
      let mean = moments.indices.reduce(0) { $0 + moments[$1][$1] } / Double(size)
      // UᵀU (H + damping) = 1
      for row in 0..<size {
        let inverse = (0..<size).map { column in
          (0...min(row, column)).reduce(0) { $0 + factor[$1, row] * factor[$1, column] }
        }
        for column in 0..<size {
          var product = inverse[column] * 0.01 * mean
          for k in 0..<size { product += inverse[k] * moments[k][column] }
          #expect(abs(product - (row == column ? 1 : 0)) < 1e-8)
        }
      }
    }
  }

  /// A matrix that is not positive definite raises its damping.
  @Test func indefinite() throws {
    let pool = ThreadPool(threads: 1)
    // Eigenvalues 1.5 and -0.5; the mean of the diagonal is 0.5.
    let factor = try InverseFactor(DoubleMatrix([[0.5, 1], [1, 0.5]]), damping: 0.01, pool: pool)
    #expect(abs(factor.damping - 10) < 1e-9)
    // No input at all: every error costs the same.
    let zero = try InverseFactor(DoubleMatrix([[0, 0], [0, 0]]), damping: 0.01, pool: pool)
    #expect(zero[0, 0] == 1 && zero[1, 1] == 1 && zero[0, 1] == 0)
  }

  /// Inputs that overflow end in an error, and not in an endless search for a damping.
  @Test(arguments: [Double.nan, .infinity])
  func notFinite(value: Double) {
    let pool = ThreadPool(threads: 1)
    for moments in [[[value, 0], [0, 1]], [[1, 0], [0, value]]] {
      #expect(throws: InverseFactor.NotFinite.self) {
        try InverseFactor(DoubleMatrix(moments), damping: 0.01, pool: pool)
      }
    }
    // No damping helps here, though the diagonal is finite.
    #expect(throws: InverseFactor.NotFinite.self) {
      try InverseFactor(DoubleMatrix([[1, 1e30], [1e30, 1]]), damping: 0.01, pool: pool)
    }
  }
}
