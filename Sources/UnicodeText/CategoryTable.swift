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
    var uniform = [UInt16?](repeating: nil, count: 32)  // the page of one category alone
    var runs = Self.runs
    var run = runs.next() ?? 0
    var left = Int(run >> 5) + 1  // of the run, at least one at the start of a page
    pages.reserveCapacity(0x1100)
    while pages.count < 0x1100 {
      if left > 256, let known = uniform[Int(run & 31)] {
        pages.append(known)
        left -= 256
      } else {
        let page = UInt16(cells.count >> 8)
        pages.append(page)
        if left >= 256 { uniform[Int(run & 31)] = page }
        let end = cells.count + 256
        while cells.count < end {
          let count = min(left, end - cells.count)
          cells.append(contentsOf: repeatElement(UInt8(run & 31), count: count))
          left -= count
          if left == 0 {
            run = runs.next() ?? 0
            left = Int(run >> 5) + 1
          }
        }
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
