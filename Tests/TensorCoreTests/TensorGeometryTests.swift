import TensorCore
import Testing

/// Sizes worked out by hand from sections 3 and 6 of formats/kibble-v1.md.
@Suite struct TensorGeometryTests {
  struct Size: Sendable {
    var type: WeightType
    var arrangement: Arrangement
    var shape: [Int]
    var group = 0
    var paddedColumns: Int
    var paddedRows: Int
    var codeBytes: Int
    var groups = 0
    var scaleBytes = 0
  }

  static let sizes: [Size] = [
    // Vectors: one row.
    Size(
      type: .f32, arrangement: .rows, shape: [1], paddedColumns: 4, paddedRows: 1, codeBytes: 16),
    Size(
      type: .f32, arrangement: .rows, shape: [64], paddedColumns: 64, paddedRows: 1, codeBytes: 256),
    Size(
      type: .f16, arrangement: .rows, shape: [5], paddedColumns: 8, paddedRows: 1, codeBytes: 16),
    // Floats.
    Size(
      type: .f32, arrangement: .rows, shape: [3, 5], paddedColumns: 8, paddedRows: 3, codeBytes: 96),
    Size(
      type: .f32, arrangement: .tiles, shape: [3, 5], paddedColumns: 8, paddedRows: 16,
      codeBytes: 512),
    Size(
      type: .f16, arrangement: .rows, shape: [3, 6], paddedColumns: 8, paddedRows: 3, codeBytes: 48),
    Size(
      type: .bf16, arrangement: .tiles, shape: [17, 2], paddedColumns: 4, paddedRows: 32,
      codeBytes: 256),
    Size(
      type: .bf16, arrangement: .tiles, shape: [32, 64], paddedColumns: 64, paddedRows: 32,
      codeBytes: 4096),
    // int8: short last groups.
    Size(
      type: .int8, arrangement: .rows, shape: [2, 33], group: 32, paddedColumns: 36, paddedRows: 2,
      codeBytes: 72, groups: 2, scaleBytes: 8),
    Size(
      type: .int8, arrangement: .tiles, shape: [2, 33], group: 32, paddedColumns: 36,
      paddedRows: 16, codeBytes: 576, groups: 2, scaleBytes: 64),
    Size(
      type: .int8, arrangement: .tiles, shape: [16, 72], group: 64, paddedColumns: 72,
      paddedRows: 16, codeBytes: 1152, groups: 2, scaleBytes: 64),
    Size(
      type: .int8, arrangement: .rows, shape: [1, 128], group: 128, paddedColumns: 128,
      paddedRows: 1, codeBytes: 128, groups: 1, scaleBytes: 2),
    // int4: columns to 8.
    Size(
      type: .int4, arrangement: .rows, shape: [3, 4], group: 32, paddedColumns: 8, paddedRows: 3,
      codeBytes: 12, groups: 1, scaleBytes: 6),
    Size(
      type: .int4, arrangement: .tiles, shape: [3, 12], group: 32, paddedColumns: 16,
      paddedRows: 16, codeBytes: 128, groups: 1, scaleBytes: 32),
    Size(
      type: .int4, arrangement: .tiles, shape: [48, 576], group: 128, paddedColumns: 576,
      paddedRows: 48, codeBytes: 13824, groups: 5, scaleBytes: 480),
    Size(
      type: .int4, arrangement: .tiles, shape: [1, 1], group: 64, paddedColumns: 8, paddedRows: 16,
      codeBytes: 64, groups: 1, scaleBytes: 32),
    // int2: columns to 16.
    Size(
      type: .int2, arrangement: .rows, shape: [3, 4], group: 32, paddedColumns: 16, paddedRows: 3,
      codeBytes: 12, groups: 1, scaleBytes: 6),
    Size(
      type: .int2, arrangement: .tiles, shape: [17, 72], group: 64, paddedColumns: 80,
      paddedRows: 32, codeBytes: 640, groups: 2, scaleBytes: 128),
    // int3, int5 and int6: columns to 32, in 3, 5 or 6 units.
    Size(
      type: .int3, arrangement: .rows, shape: [3, 4], group: 32, paddedColumns: 32, paddedRows: 3,
      codeBytes: 36, groups: 1, scaleBytes: 6),
    Size(
      type: .int3, arrangement: .tiles, shape: [17, 72], group: 64, paddedColumns: 96,
      paddedRows: 32, codeBytes: 1152, groups: 2, scaleBytes: 128),
    Size(
      type: .int5, arrangement: .rows, shape: [3, 4], group: 32, paddedColumns: 32, paddedRows: 3,
      codeBytes: 60, groups: 1, scaleBytes: 6),
    Size(
      type: .int5, arrangement: .tiles, shape: [17, 72], group: 64, paddedColumns: 96,
      paddedRows: 32, codeBytes: 1920, groups: 2, scaleBytes: 128),
    Size(
      type: .int6, arrangement: .rows, shape: [2, 33], group: 128, paddedColumns: 64, paddedRows: 2,
      codeBytes: 96, groups: 1, scaleBytes: 4),
    Size(
      type: .int6, arrangement: .tiles, shape: [16, 576], group: 128, paddedColumns: 576,
      paddedRows: 16, codeBytes: 6912, groups: 5, scaleBytes: 160),
  ]

  @Test(arguments: sizes)
  func sizesOfPlanes(size: Size) throws {
    let geometry = try #require(
      TensorGeometry(
        type: size.type, arrangement: size.arrangement, shape: size.shape, groupSize: size.group))
    #expect(geometry.rows == (size.shape.count == 2 ? size.shape[0] : 1))
    #expect(geometry.columns == size.shape.last)
    #expect(geometry.groupSize == size.group)
    #expect(geometry.paddedColumns == size.paddedColumns)
    #expect(geometry.unitsPerRow * 4 * size.paddedRows == size.codeBytes)
    #expect(geometry.paddedRows == size.paddedRows)
    #expect(geometry.tileCount == (geometry.rows + 15) / 16)
    #expect(geometry.codeBytes == size.codeBytes)
    #expect(geometry.groupsPerRow == size.groups)
    #expect(geometry.scaleBytes == size.scaleBytes)
    #expect(
      geometry.planeBytes
        == (size.group > 0 ? [size.codeBytes, size.scaleBytes] : [size.codeBytes]))
    #expect(geometry.totalBytes == size.codeBytes + size.scaleBytes)
    #expect(geometry.elementCount == size.shape.reduce(1, *))
  }

  @Test func floatsHaveNoGroups() {
    let geometry = TensorGeometry(
      type: .bf16, arrangement: .tiles, shape: [16, 64], groupSize: 32)
    #expect(geometry?.groupSize == 0)
    #expect(geometry?.scaleBytes == 0)
  }

  @Test(arguments: [
    [], [0], [0, 4], [4, 0], [-1], [4, -4], [2, 2, 2], [1 << 31 + 1], [Int.max, 2],
    [1 << 31, 1 << 31], [1 << 31, 1 << 26],
  ])
  func refusesShapes(shape: [Int]) {
    let geometry = TensorGeometry(type: .f32, arrangement: .tiles, shape: shape, groupSize: 0)
    #expect(geometry == nil)
  }

  @Test(arguments: [
    [1 << 31], [1, 1 << 31], [1 << 31, 1], [1 << 28, 1 << 28], [1 << 31, 1 << 25],
  ])
  func theLargestShapesDoNotOverflow(shape: [Int]) throws {
    for type in WeightType.allCases {
      for arrangement in [Arrangement.rows, .tiles] {
        let geometry = try #require(
          TensorGeometry(type: type, arrangement: arrangement, shape: shape, groupSize: 32))
        #expect(geometry.totalBytes >= geometry.elementCount / 8 * type.bits)
        #expect(geometry.planeBytes.reduce(0, +) == geometry.totalBytes)
      }
    }
  }

  @Test(arguments: [0, -32])
  func quantizedTensorsNeedGroups(groupSize: Int) {
    for type in WeightType.allCases where type.isQuantized {
      #expect(
        TensorGeometry(type: type, arrangement: .rows, shape: [4, 4], groupSize: groupSize) == nil)
    }
  }

  @Test(arguments: [(0, 0), (1, 16), (15, 16), (16, 16), (17, 32)])
  func roundsUp(number: Int, multiple: Int) {
    #expect(number.roundedUp(to: 16) == multiple)
  }
}
