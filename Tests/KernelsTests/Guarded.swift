#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Elements that end right before a page that nobody may touch, so that a kernel that reads or
/// writes past them crashes; what lies before them is watched.
///
/// Since the end is aligned and not the start, most of these are as unaligned as their elements
/// allow. `slack` moves the end forward by some more bytes.
final class Guarded<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private let region: UnsafeMutableRawPointer
  private let bytes: Int
  private let lead: Int
  private static var watched: UInt8 { 0xa5 }

  init(_ elements: [Element], slack: Int = 0) {
    let page = Int(getpagesize())
    let size = elements.count * MemoryLayout<Element>.stride
    count = elements.count
    bytes = (size + slack + 2 * page - 1) / page * page
    region = mmap(nil, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    precondition(region != MAP_FAILED, "out of memory")
    mprotect(region + bytes, page, PROT_NONE)
    lead = bytes - slack - size
    memset(region, Int32(Self.watched), bytes)
    base = (region + lead).assumingMemoryBound(to: Element.self)
    base.initialize(from: elements, count: count)
  }

  convenience init(repeating element: Element, count: Int, slack: Int = 0) {
    self.init([Element](repeating: element, count: count), slack: slack)
  }

  deinit { munmap(region, bytes + Int(getpagesize())) }

  var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Whether the bytes around the elements are as they were.
  var isIntact: Bool {
    let all = UnsafeRawBufferPointer(start: region, count: bytes)
    let end = lead + count * MemoryLayout<Element>.stride
    return all[..<lead].allSatisfy { $0 == Self.watched }
      && all[end...].allSatisfy { $0 == Self.watched }
  }
}
