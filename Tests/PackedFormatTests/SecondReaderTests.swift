import Foundation
import KibbleFormat
import TensorCore
import TestSupport
import Testing

/// `formats/read_kibble.py`, which was written from the format's description alone, finds in a
/// packed file what its checksums say.
@Suite(.enabled(if: Python.withNumPy != nil))
struct SecondReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ packed: [UInt8]) throws -> (status: Int32, output: String) {
    let path = try folder.write("packed.kibble", packed)
    let script = Fixtures.repository.appending(path: "formats/read_kibble.py").path
    return try Python.run(["-B", script, path])
  }

  /// Grid, sizes and multipliers; several chunks; a short last group.
  private func sample() throws -> [UInt8] {
    var random = SplitMix(1)
    let codes = random.normals(37 * 8200, scale: 6).map { Int($0.rounded()) }
    return try kibbleFile([
      SampleTensor(
        name: "grid", .int8, shape: [37, 8200], group: 128,
        scale: { gridScale(90 + $0 % 5 + $1 % 7 + ($0 * $1 % 3 == 0 ? 9 : 0)) },
        code: { row, column in
          codes[row * 8200 + column] / (1 + row % 4) * (column % 5 == 0 ? 3 : 1)
        }),
      SampleTensor(random: &random, name: "halves", .int8, .rows, shape: [17, 72]),
      SampleTensor(random: &random, name: "floats", .bf16, shape: [17, 72]),
      SampleTensor(name: "same", .int4, shape: [3, 80], scale: { _, _ in gridScale(9) }) { _, _ in
        -8
      },
    ])
  }

  @Test func wholeFiles() throws {
    let packed = try pack(sample())
    #expect(try PackedBytes(packed).flags == 7)
    let run = try read(packed)
    #expect(run.status == 0, "\(run.output)")
    #expect(
      run.output.split(separator: "\n") == [
        "grid 37 8200", "halves 17 72", "floats 17 72", "same 3 80",
      ])
  }

  @Test func damagedFiles() throws {
    let bytes = try pack(
      kibbleFile([SampleTensor(.int8, shape: [20, 72]) { row, column in row - column % 9 }]))
    for place in [20, 70, 77, 90, bytes.count - 1] {
      var changed = bytes
      changed[place] ^= 1
      let run = try read(changed)
      #expect(run.status == 65, "byte \(place): \(run.output)")
    }
    var newer = bytes
    newer[12] = 1
    #expect(try read(newer).status == 69)
    #expect(try read(Array(bytes.dropLast())).status == 65)
  }
}
