import ByteIO
import NumPyFormat
import TensorCore
import TestSupport
import Testing

/// Lone arrays, and what their headers may say.
@Suite struct ArrayTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> (NumPyFile, NumPyArray) {
    let file = try NumPyFile(path: folder.write("a.npy", bytes))
    return (file, try #require(try file.array(nil)))
  }

  static let types: [(String, ElementType, Int)] = [
    ("<f2", .f16, 2), ("<f4", .f32, 4), ("<f8", .f64, 8), ("<i4", .i32, 4), ("<i8", .i64, 8),
  ]

  @Test(arguments: types) func eachType(_ type: (String, ElementType, Int)) throws {
    for shape in [[], [0], [3], [2, 1], [1, 2, 3], [0, 1 << 40]] {
      let data = (0..<shape.reduce(type.2, *)).map { UInt8($0) }
      let (file, array) = try open(npy(type.0, shape, data))
      #expect(!file.isArchive && array.type == type.1 && array.shape == shape && array.name == nil)
      #expect(try elements(of: array, in: file) == data)
      #expect(try file.array("logits") == nil)
    }
  }

  static let sound = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   \n",
    #"{"shape":(2),"descr":"<f4","fortran_order":False}"#,
    "\n{ 'fortran_order' : False , 'shape' : ( 2 , ) , 'descr' : '<f4' }",
  ]

  @Test(arguments: sound, [1, 2, 3] as [UInt8])
  func headers(_ header: String, version: UInt8) throws {
    let (_, array) = try open(
      npy(header: header, [UInt8](repeating: 1, count: 8), version: (version, 0)))
    #expect(array.type == .f32 && array.shape == [2])
  }

  static let bad: [(code: String, header: String)] = [
    ("bad-header", ""), ("bad-header", "{"), ("bad-header", "{}"), ("bad-header", "[]"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': false, 'shape': (2,)}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': 2}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}"),
    ("bad-header", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"),
    ("bad-header", "{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}"),
    ("bad-header", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"),
    ("too-large", "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"),
    ("size-mismatch", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}"),
    ("size-mismatch", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"),
    ("fortran-order", "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}"),
  ]

  @Test(arguments: bad) func badHeaders(_ bad: (code: String, header: String)) throws {
    try expectRefusal(npy(header: bad.header, [UInt8](repeating: 0, count: 8)), bad.code)
  }

  static let refusedTypes: [(type: String, hint: String)] = [
    (">f4", "newbyteorder"), ("<V2", "bfloat16"), ("|V2", "bfloat16"), ("<c8", "float32"),
    ("|b1", "float32"), ("|u1", "int64"), ("<i2", "int64"), ("<U3", "float32"), ("=f4", "float32"),
    ("|O", "float32"),
  ]

  @Test(arguments: refusedTypes) func otherTypes(_ type: String, hint: String) throws {
    let error = try expectRefusal(
      npy(type, [2], [UInt8](repeating: 0, count: 8)), "unsupported-type")
    #expect(error.diagnostic.hint?.contains(hint) == true && error.diagnostic.kind == .unsupported)
  }

  @Test func structuredTypes() throws {
    let header = "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }"
    try expectRefusal(npy(header: header, [UInt8](repeating: 0, count: 8)), "unsupported-type")
  }

  @Test func containers() throws {
    let sound = npy("<f4", [1], [0, 0, 0, 0])
    for count in 0..<sound.count - 4 {
      try expectRefusal(Array(sound.prefix(count)), "not-an-array")
    }
    for count in 1...4 { try expectRefusal(sound.dropLast(count), "size-mismatch") }
    try expectRefusal(sound + [0], "size-mismatch")
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}"
    for version: (UInt8, UInt8) in [(0, 0), (4, 0), (1, 1)] {
      try expectRefusal(npy(header: header, [], version: version), "unknown-version")
    }
    let long = header + String(repeating: " ", count: 65_536)
    try expectRefusal(npy(header: long, [], version: (2, 0)), "header-too-long")
    let longest = header + String(repeating: " ", count: 65_536 - header.utf8.count)
    #expect(try open(npy(header: longest, [], version: (2, 0))).1.shape == [0])
  }

  @Test func absent() {
    #expect(throws: NumPyError.file(.notFound(path: folder.path("x.npy")))) {
      try NumPyFile(path: folder.path("x.npy"))
    }
  }

  @discardableResult
  private func expectRefusal(_ bytes: [UInt8], _ code: String) throws -> NumPyError {
    let error = try #require(throws: NumPyError.self) { try open(bytes) }
    #expect(error.diagnostic.code == "numpy." + code, "\(error.diagnostic.message)")
    return error
  }
}
