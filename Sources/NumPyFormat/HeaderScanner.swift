import Diagnostics

/// Reads the dictionary of an array's header: the little of Python's syntax that NumPy writes.
struct HeaderScanner {
  private let text: [UInt8]
  private let path: String
  private let array: String?
  private var offset = 0

  init(_ text: [UInt8], path: String, array: String?) {
    (self.text, self.path, self.array) = (text, path, array)
  }

  /// The three values that every header has, in any order.
  mutating func dictionary() throws(NumPyError) -> (type: String, isFortran: Bool, shape: [Int]) {
    var (type, isFortran, shape): (String?, Bool?, [Int]?)
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where type == nil: type = try self.type()
      case "fortran_order" where isFortran == nil: isFortran = try boolean()
      case "shape" where shape == nil: shape = try self.shape()
      default: throw bad("no other key than 'descr', 'fortran_order' and 'shape'")
      }
      guard take(",") else {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard offset == text.count else { throw bad("its end") }
    guard let type, let isFortran, let shape else {
      throw bad("'descr', 'fortran_order' and 'shape'")
    }
    return (type, isFortran, shape)
  }

  /// The code of a plain type; the description of any other goes into the error.
  private mutating func type() throws(NumPyError) -> String {
    guard isNext("[") || isNext("(") else { return try string() }
    let rest = String(decoding: text[offset...].prefix(80), as: UTF8.self)
    throw .unsupportedType(path: path, array: array, type: rest)
  }

  private mutating func string() throws(NumPyError) -> String {
    let quote = isNext("\"") ? UInt8(ascii: "\"") : UInt8(ascii: "'")
    guard isNext("'") || isNext("\""), let end = text[(offset + 1)...].firstIndex(of: quote) else {
      throw bad("a text in quotation marks")
    }
    defer { offset = end + 1 }
    return String(decoding: text[offset + 1..<end], as: UTF8.self)
  }

  private mutating func boolean() throws(NumPyError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where text[offset...].starts(with: word.utf8) {
      offset += word.utf8.count
      return value
    }
    throw bad("True or False")
  }

  private mutating func shape() throws(NumPyError) -> [Int] {
    var shape: [Int] = []
    try expect("(")
    while !take(")") {
      skipSpace()
      let digits = text[offset...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let size = Int(String(decoding: digits, as: UTF8.self)) else {
        throw bad("a dimension of at most 63 bits")
      }
      offset += digits.count
      shape.append(size)
      guard take(",") else {
        try expect(")")
        break
      }
    }
    return shape
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(NumPyError) {
    guard take(character) else { throw bad("'\(character)'") }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isNext(character) else { return false }
    offset += 1
    return true
  }

  private mutating func isNext(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    return offset < text.count && text[offset] == UInt8(ascii: character)
  }

  private mutating func skipSpace() {
    while offset < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[offset]) { offset += 1 }
  }

  private func bad(_ expected: String) -> NumPyError {
    .badHeader(path: path, array: array, expected: expected, offset: offset)
  }
}
