import LibC

/// One number, printed by the C library: correctly rounded for every value and number of decimals.
func printed(_ format: StaticString, _ decimals: Int, _ value: Double) -> String {
  // The longest result: 309 digits, the point, the sign, and the decimals.
  let decimals = max(0, min(decimals, 64))
  return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 384) { buffer in
    guard let base = buffer.baseAddress else { return "" }
    let length = unsafe withVaList([CInt(decimals), value]) { arguments in
      unsafe format.utf8Start.withMemoryRebound(to: CChar.self, capacity: format.utf8CodeUnitCount)
      { unsafe vsnprintf(base, buffer.count, $0, arguments) }
    }
    let printed = unsafe UnsafeRawBufferPointer(start: base, count: max(0, Int(length)))
    return unsafe String(decoding: printed, as: UTF8.self)
  }
}
