import NumPyFormat
import TensorCore
import TestSupport
import Testing

/// Files that NumPy itself wrote, of every type and by each of its functions.
@Suite(.enabled(if: Python.withNumPy != nil)) struct WrittenByNumPyTests {
  private static let script = """
    import sys, numpy as np
    out = sys.argv[1]
    base = np.arange(-6, 6).reshape(2, 3, 2)
    arrays = {t: base.astype(t) for t in ["<f2", "<f4", "<f8", "<i4", "<i8"]}
    for name, array in arrays.items():
        np.save(f"{out}/{name[1:]}.npy", array)
        for version in [(1, 0), (2, 0), (3, 0)]:
            with open(f"{out}/{name[1:]}-v{version[0]}.npy", "wb") as file:
                np.lib.format.write_array(file, array, version=version)
    named = {name[1:]: array for name, array in arrays.items()}
    np.savez(f"{out}/stored.npz", **named)
    np.savez_compressed(f"{out}/deflated.npz", zeros=np.zeros((1000, 1000), "<f4"), **named)
    np.save(f"{out}/view.npy", np.arange(24, dtype="<i4")[::2].reshape(2, 3, 2) // 2 - 6)
    np.save(f"{out}/scalar.npy", np.float32(2))
    np.save(f"{out}/fortran.npy", base.astype("<f4").T)
    np.save(f"{out}/big.npy", base.astype(">f4"))
    np.save(f"{out}/records.npy", np.zeros(2, [("a", "<f4")]))
    np.save(f"{out}/halves.npy", np.zeros(2, "V2"))
    """

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let run = try Python.run(["-c", Self.script, folder.path])
    try #require(run.status == 0, "\(run.output)")
  }

  private func array(_ file: String, _ name: String? = nil) throws -> (NumPyFile, NumPyArray) {
    let file = try NumPyFile(path: folder.path(file))
    return (file, try #require(try file.array(name)))
  }

  /// The numbers -6 to 5 in the bytes of a type.
  private static func expected(_ type: String) -> [UInt8] {
    (-6..<6).flatMap { number -> [UInt8] in
      switch type {
      case "f2": littleEndian(Int(Float16(number).bitPattern), 2)
      case "f4": littleEndian(Int(Float(number).bitPattern), 4)
      case "f8": littleEndian(Int(bitPattern: UInt(Double(number).bitPattern)), 8)
      case "i4": littleEndian(number, 4)
      default: littleEndian(number, 8)
      }
    }
  }

  @Test func everyTypeAndFunction() throws {
    let types: [(String, ElementType)] = [
      ("f2", .f16), ("f4", .f32), ("f8", .f64), ("i4", .i32), ("i8", .i64),
    ]
    for (name, type) in types {
      let files: [(String, String?)] =
        ["", "-v1", "-v2", "-v3"].map { (name + $0 + ".npy", nil) }
        + [("stored.npz", name), ("deflated.npz", name)]
      for (path, key) in files {
        let (file, array) = try array(path, key)
        #expect(array.type == type && array.shape == [2, 3, 2], "\(path)")
        #expect(try elements(of: array, in: file) == Self.expected(name), "\(path)")
      }
    }
    let (file, view) = try array("view.npy")
    #expect(try elements(of: view, in: file) == Self.expected("i4"))
    #expect(try array("scalar.npy").1.shape == [])
  }

  @Test func aCompressedArrayOfMegabytes() throws {
    let (file, zeros) = try array("deflated.npz", "zeros")
    let data = try elements(of: zeros, in: file)
    #expect(data.count == 4_000_000 && data.allSatisfy { $0 == 0 })
  }

  @Test func whatIsNotRead() throws {
    for (name, code) in [
      ("fortran", "fortran-order"), ("big", "unsupported-type"), ("records", "unsupported-type"),
      ("halves", "unsupported-type"),
    ] {
      let error = try #require(throws: NumPyError.self) { try array(name + ".npy") }
      #expect(error.diagnostic.code == "numpy." + code, "\(name)")
    }
  }
}
