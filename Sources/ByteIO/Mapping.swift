import LibC

/// Pages of address space: a file's, or memory of one's own.
///
/// It is passed between threads freely; who writes to which range is its users' business.
@safe struct Mapping: ~Copyable, @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  let count: Int

  /// Maps a file privately and read-only; nil, with `errno` set, where that fails.
  init?(file: Descriptor, count: Int) {
    // The system maps no empty range; an empty file gets a page of zeros, of which no byte is
    // ever read.
    guard count > 0 else {
      self.init(zeroed: 0)
      return
    }
    self.init(count, protection: PROT_READ, flags: MAP_PRIVATE, descriptor: file.number)
  }

  /// Zeroed memory; nil, with `errno` set, where there is none.
  init?(zeroed count: Int) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    self.init(count, protection: PROT_READ | PROT_WRITE, flags: flags, descriptor: -1)
  }

  private init?(_ count: Int, protection: Int32, flags: Int32, descriptor: Int32) {
    guard let base = unsafe mmap(nil, max(count, 1), protection, flags, descriptor, 0),
      unsafe base != MAP_FAILED
    else { return nil }
    unsafe self.base = base
    self.count = count
  }

  deinit { _ = unsafe munmap(base, max(count, 1)) }

  func pointer(at offset: Int) -> UnsafeMutableRawPointer {
    precondition(offset >= 0 && offset <= count, "offset out of bounds")
    return unsafe base + offset
  }

  /// Says that the whole pages of a range are not needed for now; the system may ignore that.
  func drop(_ range: Range<Int>) {
    let page = Int(getpagesize())
    let range = range.clamped(to: 0..<count)
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound < count ? range.upperBound / page * page : count
    guard start < end else { return }
    _ = unsafe madvise(base + start, end - start, MADV_DONTNEED)
  }

  /// Gives the whole pages of a range of zeroed memory back; they are zeros again.
  func clear(_ range: Range<Int>) {
    let page = Int(getpagesize())
    let range = range.clamped(to: 0..<count)
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end else { return }
    // Mapping anew means the same everywhere; advice to drop pages does not.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
    let fresh = unsafe mmap(base + start, end - start, PROT_READ | PROT_WRITE, flags, -1, 0)
    precondition(unsafe fresh != MAP_FAILED, "memory that was there cannot be mapped anew")
  }
}
