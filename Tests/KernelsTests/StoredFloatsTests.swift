import ByteIO
import Kernels
import TensorCore
import TestSupport
import Testing

/// Stored float32 values in place, beside what the kernels read there.
@Suite struct StoredFloatsTests {
  @Test(
    arguments: [Arrangement.rows, .tiles],
    [(1, 1), (16, 4), (17, 5), (35, 33)] as [(rows: Int, columns: Int)])
  func elementsAreWhereKernelsReadThem(
    arrangement: Arrangement, shape: (rows: Int, columns: Int)
  ) throws {
    let geometry = try #require(
      TensorGeometry(
        type: .f32, arrangement: arrangement, shape: [shape.rows, shape.columns], groupSize: 0))
    let plane = 64..<64 + geometry.codeBytes
    let memory = try MemoryBuffer(count: plane.upperBound + 64)
    let stored = StoredFloats(geometry, plane: plane, in: memory)
    let values = FloatMatrix(rows: shape.rows, columns: shape.columns)
    for row in 0..<shape.rows {
      for column in 0..<shape.columns { values[row][column] = Float(row * 1000 + column + 1) }
      stored[row].copy(values[row])
    }
    stored[shape.rows - 1, shape.columns - 1] = -7
    values[shape.rows - 1][shape.columns - 1] = -7

    let matrix = StoredMatrix(geometry, planes: [plane], in: memory)
    let read = try KernelSet(.scalar).values(of: matrix)
    for row in 0..<shape.rows {
      #expect(read.row(row) == values.row(row))
      #expect(stored[row].count == shape.columns)
      #expect((0..<shape.columns).allSatisfy { stored[row][$0] == values[row][$0] } as Bool)
      #expect(stored[row, shape.columns - 1] == values[row][shape.columns - 1])
    }
    #expect(memory.bytes(0..<64) + memory.bytes(plane.upperBound..<memory.count) == zeros(128))
  }

  private func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
}
