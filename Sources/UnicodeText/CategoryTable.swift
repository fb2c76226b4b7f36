/// The general category of every scalar, as a table of pages of 256.
///
/// The numbers stand for Lu Ll Lt Lm Lo, Mn Mc Me, Nd Nl No, Pc Pd Ps Pe Pi Pf Po, Sm Sc Sk So,
/// Zs Zl Zp, Cc Cf Cs Co Cn in this order, so that five bits hold one. Two more split a category
/// to make derived properties unions of categories: control characters that are white space, and
/// symbols that are alphabetic.
struct CategoryTable: Sendable {
  /// The only table; it is put together from its runs when it is first used.
  static let shared = CategoryTable()

  private let pages: [UInt16]
  private let cells: [UInt8]

  private init() {
    var cells: [UInt8] = []
    var pages: [UInt16] = []
    pages.reserveCapacity(0x1100)
    var uniform = [UInt16?](repeating: nil, count: 32)  // the page of one category alone
    var run = 0
    for page in UInt32(0)..<0x1100 {
      let start = page << 8
      while run + 1 < Self.runs.count, Self.runs[run + 1] >> 5 <= start { run += 1 }
      let category = UInt8(Self.runs[run] & 31)
      let isUniform = run + 1 == Self.runs.count || Self.runs[run + 1] >> 5 >= start + 256
      if isUniform, let known = uniform[Int(category)] {
        pages.append(known)
        continue
      }
      let number = UInt16(cells.count >> 8)
      if isUniform { uniform[Int(category)] = number }
      pages.append(number)
      for scalar in start..<start + 256 {
        if run + 1 < Self.runs.count, Self.runs[run + 1] >> 5 == scalar { run += 1 }
        cells.append(UInt8(Self.runs[run] & 31))
      }
    }
    self.pages = pages
    self.cells = cells
  }

  /// The bit of a scalar's category; `scalar` is at most U+10FFFF.
  @inline(__always)
  func bit(of scalar: UInt32) -> UInt32 {
    let page = Int(pages[Int(scalar >> 8)])
    return 1 << UInt32(cells[page << 8 | Int(scalar & 0xFF)])
  }
}
