import ByteIO
import Diagnostics
import TensorCore

extension KibbleFile {
  /// Reads the whole payload and checks what opening does not: checksums, padding, and that
  /// every scale and value is finite and every code in range.
  ///
  /// - Parameter progress: hears of the bytes that are done.
  /// - Throws: `KibbleFormatError` with the first fault, or `Interruption`.
  public func check(progress: any ProgressSink = NoProgress()) throws {
    var gapStart = blobs.first?.range.lowerBound ?? 0
    try progress.phase("checking", total: payloadBytes, unit: .bytes) {
      for blob in blobs {
        try checkGap(gapStart..<blob.range.lowerBound, before: blob.name)
        gapStart = blob.range.upperBound
        try checkSum(blob, progress)
      }
      for tensor in tensors {
        for plane in tensor.planes {
          try checkGap(gapStart..<plane.lowerBound, before: tensor.name)
          gapStart = plane.upperBound
        }
        try checkSum(tensor.name, tensor.planes, tensor.crc32, progress)
        try checkValues(tensor)
        for plane in tensor.planes { region.releasePages(plane) }
      }
    }
  }

  /// Reads the whole payload and checks its checksums alone.
  ///
  /// - Parameter progress: hears of the bytes that are done.
  /// - Throws: `KibbleFormatError.payloadChecksum` for the first that is wrong, or `Interruption`.
  public func checkSums(progress: any ProgressSink = NoProgress()) throws {
    try progress.phase("verifying checksums", total: payloadBytes, unit: .bytes) {
      for blob in blobs { try checkSum(blob, progress) }
      for tensor in tensors {
        try checkSum(tensor.name, tensor.planes, tensor.crc32, progress)
      }
    }
  }

  /// Checks the checksum of one tensor.
  ///
  /// - Throws: `KibbleFormatError.payloadChecksum`.
  package func checkSum(of tensor: TensorRecord) throws {
    try checkSum(tensor.name, tensor.planes, tensor.crc32, NoProgress())
  }

  private var payloadBytes: Int {
    blobs.reduce(0) { $0 + $1.range.count } + tensors.reduce(0) { $0 + $1.byteCount }
  }

  private func checkGap(_ range: Range<Int>, before entry: String) throws(KibbleFormatError) {
    if let index = unsafe region.buffer(range).firstIndex(where: { $0 != 0 }) {
      throw .paddingNotZero(path: path, entry: entry, offset: range.lowerBound + index)
    }
  }

  private func checkSum(_ blob: BlobRecord, _ progress: any ProgressSink) throws {
    _ = try checkedBytes(of: blob)
    progress.report(.advanced(by: blob.range.count))
    try progress.checkCancellation()
  }

  private func checkSum(
    _ entry: String, _ ranges: [Range<Int>], _ expected: UInt32, _ progress: any ProgressSink
  ) throws {
    let step = 8 << 20
    var checksum = CRC32()
    for range in ranges {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        try progress.checkCancellation()
        let part = start..<min(start + step, range.upperBound)
        unsafe checksum.update(region.buffer(part))
        progress.report(.advanced(by: part.count))
        region.releasePages(part)
      }
    }
    guard checksum.value == expected else {
      throw KibbleFormatError.payloadChecksum(
        path: path, entry: entry, expected: expected, found: checksum.value)
    }
  }

  /// Checks the units and scales of a tensor, row by row of 4-byte units.
  private func checkValues(_ tensor: TensorRecord) throws(KibbleFormatError) {
    let geometry = tensor.geometry
    let lanes = geometry.arrangement == .tiles ? TensorGeometry.tileRows : 1
    let codes = tensor.planes[0]
    let lineBytes = geometry.unitsPerRow * lanes * 4
    let padding = geometry.paddingMasks
    for line in 0..<geometry.paddedRows / lanes {
      let start = codes.lowerBound + line * lineBytes
      let units = unsafe region.buffer(start..<start + lineBytes)
      for index in 0..<geometry.unitsPerRow * lanes {
        let unit = unsafe units.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
        let isPaddingRow = line * lanes + index % lanes >= geometry.rows
        let fromEnd = geometry.unitsPerRow - 1 - index / lanes
        let mask = isPaddingRow ? .max : fromEnd < padding.count ? padding[fromEnd] : 0
        switch UnitFault(in: UInt32(littleEndian: unit), geometry.type, padding: mask) {
        case .padding?:
          throw .paddingNotZero(path: path, entry: tensor.name, offset: start + index * 4)
        case .notFinite?:
          throw .notFinite(path: path, entry: tensor.name, offset: start + index * 4)
        case .code?:
          throw .codeOutOfRange(path: path, entry: tensor.name, offset: start + index * 4)
        case nil: break
        }
      }
      if line % 256 == 255 { region.releasePages(codes.lowerBound..<start) }
    }
    guard tensor.planes.count > 1 else { return }
    let scales = tensor.planes[1]
    let bytes = unsafe region.buffer(scales)
    let groups = geometry.groupsPerRow
    let size = geometry.type.bytesPerScale
    for index in 0..<scales.count / size {
      let offset = scales.lowerBound + index * size
      let bits = unsafe bytes.scale(index, size)
      let row = index / (groups * lanes) * lanes + index % lanes
      if row >= geometry.rows && bits != 0 {
        throw .paddingNotZero(path: path, entry: tensor.name, offset: offset)
      }
      guard size == 1 || bits & 0x7C00 != 0x7C00 else {
        throw .notFinite(path: path, entry: tensor.name, offset: offset)
      }
      guard size == 2 || bits != 0x80 else {
        throw .codeOutOfRange(path: path, entry: tensor.name, offset: offset)
      }
    }
    // 127 times the largest binary16 is below 2^23; short scales keep far from the end.
    if size == 2, tensor.exponent > 128 - 23 { try checkProducts(tensor) }
  }

  /// Checks that no scale, and no code times its scale, leaves binary32.
  private func checkProducts(_ tensor: TensorRecord) throws(KibbleFormatError) {
    let geometry = tensor.geometry
    let lanes = geometry.arrangement == .tiles ? TensorGeometry.tileRows : 1
    let codes = unsafe region.buffer(tensor.planes[0])
    let scales = unsafe region.buffer(tensor.planes[1])
    for column in 0..<geometry.columns {
      let places = geometry.type.places(of: column)
      for row in 0..<geometry.rows {
        func offset(_ place: BitPlace) -> Int {
          ((row / lanes * geometry.unitsPerRow + place.unit) * lanes + row % lanes) * 4
        }
        let group = geometry.scalePlace(row: row, group: column / geometry.groupSize)
        var code = 0
        var width = 0
        for place in places {
          let unit = unsafe codes.loadUnaligned(
            fromByteOffset: offset(place), as: UInt32.self)
          code |= Int(place.bits(of: UInt32(littleEndian: unit))) << width
          width += place.count
        }
        // Two's complement.
        if code >> (width - 1) == 1 { code = 1 << width - code }
        let bits = unsafe Int(scales.scale(group, 2))
        let binade = max(bits >> 10 & 31, 1)
        let significand = bits & 1023 + (bits & 0x7C00 == 0 ? 0 : 1024)
        let product = Double(
          sign: .plus, exponent: binade - 25 + tensor.exponent,
          significand: Double(max(code, 1) * significand))
        guard product < 0x1p128 else {
          throw .notFinite(
            path: path, entry: tensor.name,
            offset: tensor.planes[0].lowerBound + offset(places[0]))
        }
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The bits of a scale of one or two bytes.
  fileprivate func scale(_ index: Int, _ size: Int) -> UInt16 {
    guard size == 2 else { return UInt16(unsafe self[index]) }
    return unsafe UInt16(
      littleEndian: loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
  }
}

extension TensorGeometry {
  /// The bits of padding columns in a row's last units, from the last one.
  fileprivate var paddingMasks: [UInt32] {
    var masks: [UInt32] = []
    for place in (columns..<paddedColumns).flatMap(type.places) {
      let fromEnd = unitsPerRow - 1 - place.unit
      masks += [UInt32](repeating: 0, count: max(0, fromEnd + 1 - masks.count))
      masks[fromEnd] |= place.mask
    }
    return masks
  }
}

/// What can be wrong with a 4-byte unit.
private enum UnitFault {
  case padding, notFinite, code

  /// Looks at a unit some of whose bits are padding.
  init?(in unit: UInt32, _ type: WeightType, padding: UInt32) {
    guard unit & padding == 0 else {
      self = .padding
      return
    }
    switch type.codeType {
    case .f32 where unit & 0x7F80_0000 == 0x7F80_0000: self = .notFinite
    case .bf16 where unit & 0x7F80 == 0x7F80 || unit & 0x7F80_0000 == 0x7F80_0000:
      self = .notFinite
    case .f16 where unit & 0x7C00 == 0x7C00 || unit & 0x7C00_0000 == 0x7C00_0000:
      self = .notFinite
    case .int8 where [0, 8, 16, 24].contains { unit >> $0 & 255 == 128 }: self = .code
    default: return nil
    }
  }
}
