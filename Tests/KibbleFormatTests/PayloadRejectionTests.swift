import KibbleFormat
import TensorCore
import Testing

/// What opening does not see and `check` does.
@Suite struct PayloadRejectionTests {
  @Test(arguments: [(0, "kibble.json", 704), (1, "config.json", 768)])
  func blobsThatOpeningReadsHaveTheirChecksums(blob: Int, name: String, offset: Int) throws {
    var file = try PatchedFile(.example())
    let right = UInt32(truncatingIfNeeded: file.read(UInt32.self, at: file.blobRecord(blob) + 24))
    file.bytes[offset + 3] ^= 1
    let found = crc32(Array(file.bytes[offset..<offset + [30, 21][blob]]))
    #expect(
      throws: KibbleFormatError.payloadChecksum(
        path: samplePath, entry: name, expected: right, found: found)
    ) { try open(file.bytes) }
  }

  @Test func otherBlobsHaveTheirChecksums() throws {
    var sample = try SampleFile.example()
    sample.blobs.append(("tokenizer.json", [1, 2, 3]))
    var file = try PatchedFile(sample)
    file.bytes[file.read(UInt64.self, at: file.blobRecord(2) + 8)] = 9
    let opened = try open(file.bytes)
    let error = KibbleFormatError.payloadChecksum(
      path: samplePath, entry: "tokenizer.json", expected: crc32([1, 2, 3]),
      found: crc32([9, 2, 3]))
    #expect(throws: error) { try opened.check() }
    #expect(throws: error) { try opened.checkedBytes(of: opened.blobs[2]) }
  }

  @Test(arguments: [(0, 832), (0, 899), (1, 960), (1, 975), (2, 1024), (2, 1151), (2, 1183)])
  func tensorsHaveTheirChecksums(tensor: Int, offset: Int) throws {
    var file = try PatchedFile(.example())
    let record = file.tensorRecord(tensor)
    let right = UInt32(truncatingIfNeeded: file.read(UInt32.self, at: record + 20))
    file.bytes[offset] ^= 1
    let damaged = file.bytes
    file.sealAll()
    let found = UInt32(truncatingIfNeeded: file.read(UInt32.self, at: record + 20))
    let opened = try open(damaged)
    #expect(
      throws: KibbleFormatError.payloadChecksum(
        path: samplePath, entry: opened.tensors[tensor].name, expected: right, found: found)
    ) { try opened.check() }
  }

  @Test(arguments: [
    (734..<768, "config.json"), (789..<832, "model.embed_tokens.weight"),
    (848..<896, "model.embed_tokens.weight"), (900..<960, "model.norm.weight"),
    (976..<1024, "lm_head.weight"),
  ])
  func gapsAreZero(gap: Range<Int>, next: String) throws {
    for offset in gap {
      var file = try PatchedFile(.example())
      file.bytes[offset] = 0x40
      let opened = try open(file.bytes)
      #expect(
        throws: KibbleFormatError.paddingNotZero(path: samplePath, entry: next, offset: offset)
      ) { try opened.check() }
    }
  }

  /// A file of one tensor, changed, with right checksums.
  private func check(
    _ tensor: SampleTensor, _ change: (inout PatchedFile) -> Void
  ) throws -> PatchedFile {
    var file = try PatchedFile(SampleFile(tensors: [tensor]))
    change(&file)
    file.sealAll()
    return file
  }

  /// Types and arrangements with a shape that has padding in rows (where tiles) and columns.
  static let padded: [(WeightType, Arrangement)] = WeightType.allCases.flatMap { type in
    [(type, .rows), (type, .tiles)]
  }

  @Test(arguments: padded)
  func paddingColumnsAndRowsAreZero(type: WeightType, arrangement: Arrangement) throws {
    let tensor = try SampleTensor("w", type, arrangement, shape: [19, 37])
    let geometry = tensor.geometry
    var tested = 0
    for row in 0..<geometry.paddedRows {
      for column in row < 19 ? 37..<geometry.paddedColumns : 0..<geometry.paddedColumns {
        let unit = tensor.unitOffset(row, column)
        var changed = tensor
        changed.put(1, row, column)
        let bytes = try SampleFile(tensors: [changed]).bytes()
        let opened = try open(bytes)
        let error = KibbleFormatError.paddingNotZero(
          path: samplePath, entry: "w", offset: opened.tensors[0].planes[0].lowerBound + unit)
        #expect(throws: error) { try opened.check() }
        tested += 1
      }
    }
    #expect(tested == geometry.paddedRows * geometry.paddedColumns - 19 * 37)
  }

  /// The high bits of padding are in units of their own, of int3 those of some columns.
  @Test(
    arguments: [(WeightType.int3, UInt32(4)), (.int5, 16), (.int6, 16), (.int6, 32)],
    [Arrangement.rows, .tiles])
  func highBitsOfPaddingAreZero(bit: (type: WeightType, value: UInt32), arrangement: Arrangement)
    throws
  {
    let tensor = try SampleTensor("w", bit.type, arrangement, shape: [3, 37])
    for row in 0..<tensor.geometry.paddedRows {
      for column in row < 3 ? 37..<64 : 0..<64 {
        var changed = tensor
        changed.put(bit.value, row, column)
        let opened = try open(SampleFile(tensors: [changed]).bytes())
        let error = KibbleFormatError.paddingNotZero(
          path: samplePath, entry: "w",
          offset: opened.tensors[0].planes[0].lowerBound
            + tensor.unitOffset(row, column, high: true))
        #expect(throws: error) { try opened.check() }
      }
    }
  }

  @Test(arguments: WeightType.allCases.filter(\.isQuantized))
  func scalesOfPaddingRowsAreZero(type: WeightType) throws {
    let tensor = try SampleTensor("w", type, .tiles, shape: [19, 37])
    for row in 19..<32 {
      for group in 0..<2 {
        let offset = tensor.scaleOffset(row, group)
        var place = 0
        let file = try check(tensor) {
          place = $0.plane(1, ofTensor: 0) + offset
          $0.set(type.hasShortScales ? UInt8(1) : 0x3C, at: place + type.bytesPerScale - 1)
        }
        #expect(
          throws: KibbleFormatError.paddingNotZero(path: samplePath, entry: "w", offset: place)
        ) { try KibbleFormatTests.check(file.bytes) }
      }
    }
  }

  @Test(arguments: [
    (WeightType.f32, [UInt32(0x7F80_0000), 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001]),
    (.f16, [0x7C00, 0xFC00, 0x7E00, 0x7C01]), (.bf16, [0x7F80, 0xFF80, 0x7FC0, 0x7F81]),
  ])
  func floatsAreFinite(type: WeightType, patterns: [UInt32]) throws {
    for arrangement in [Arrangement.rows, .tiles] {
      for bits in patterns {
        for (row, column) in [(0, 0), (1, 3), (2, 4)] {
          var rows = [[UInt32]](repeating: [0, 0, 0, 0, 0], count: 3)
          rows[row][column] = bits
          let tensor = try SampleTensor("w", type, arrangement, shape: [3, 5], rows: rows)
          let opened = try open(SampleFile(tensors: [tensor]).bytes())
          let place = opened.tensors[0].planes[0].lowerBound + tensor.unitOffset(row, column)
          #expect(
            throws: KibbleFormatError.notFinite(path: samplePath, entry: "w", offset: place)
          ) { try opened.check() }
        }
      }
    }
  }

  @Test(arguments: [
    (WeightType.f32, [UInt32(0x7F7F_FFFF), 0xFF7F_FFFF, 1, 0x8000_0000]),
    (.f16, [0x7BFF, 0xFBFF, 1, 0x8000]), (.bf16, [0x7F7F, 0xFF7F, 1, 0x8000]),
  ])
  func extremeFloatsAreAccepted(type: WeightType, patterns: [UInt32]) throws {
    let tensor = try SampleTensor("w", type, .tiles, shape: [1, 4], rows: [patterns])
    try KibbleFormatTests.check(SampleFile(tensors: [tensor]).bytes())
  }

  @Test(arguments: [UInt16(0x7C00), 0xFC00, 0x7E00, 0xFFFF])
  func scalesAreFinite(bits: UInt16) throws {
    for type in [WeightType.int8, .int6, .int5, .int4, .int3, .int2] {
      for arrangement in [Arrangement.rows, .tiles] {
        let tensor = try SampleTensor("w", type, arrangement, shape: [3, 40])
        let offset = tensor.scaleOffset(2, 1)
        var place = 0
        let file = try check(tensor) {
          place = $0.plane(1, ofTensor: 0) + offset
          $0.set(bits, at: place)
        }
        #expect(
          throws: KibbleFormatError.notFinite(path: samplePath, entry: "w", offset: place)
        ) { try KibbleFormatTests.check(file.bytes) }
      }
    }
  }

  @Test(arguments: WeightType.allCases.filter(\.hasShortScales), [Arrangement.rows, .tiles])
  func shortScalesAreInRange(type: WeightType, arrangement: Arrangement) throws {
    let tensor = try SampleTensor("w", type, arrangement, shape: [3, 40])
    let offset = tensor.scaleOffset(2, 1)
    for scale: UInt8 in [0x7F, 0x80, 0x81, 0xFF] {
      var place = 0
      let file = try check(tensor) {
        place = $0.plane(1, ofTensor: 0) + offset
        $0.set(scale, at: place)
      }
      guard scale == 0x80 else {
        try KibbleFormatTests.check(file.bytes)
        continue
      }
      #expect(
        throws: KibbleFormatError.codeOutOfRange(path: samplePath, entry: "w", offset: place)
      ) { try KibbleFormatTests.check(file.bytes) }
    }
  }

  /// Tensors of one code that are as large as binary32 holds, or just too large.
  @Test(arguments: [
    (WeightType.int8, 127, UInt16(0x7BFF), 105, true),
    (.int8, 127, 0x7BFF, 106, false),
    (.int8, -127, 0xFBFF, 106, false),
    (.int8, 127, 0x7800, 106, true),  // 127 · 2^15 · 2^106 is just under 2^128.
    (.int8, 64, 0x7800, 107, false),
    (.int8, 63, 0x7800, 107, true),
    (.int4, -8, 0x7BFF, 110, false),
    (.int4, -8, 0x7BFF, 109, true),
    (.int4, 7, 0x7BFF, 109, true),
    (.int4, 0, 0x7BFF, 113, false),  // The scale alone is too large.
    (.int4, 0, 0x7BFF, 112, true),
    (.int4, 1, 1, 113, true),
    (.int8, 127, 0, 113, true),
    (.int2, -2, 0x7BFF, 111, true),
    (.int2, -2, 0x7BFF, 112, false),
    (.int2, 1, 0x7BFF, 112, true),
    (.int2, 1, 0x7BFF, 113, false),
    (.int3, -4, 0x7BFF, 110, true),
    (.int3, -4, 0x7BFF, 111, false),
    (.int3, 3, 0x7BFF, 110, true),
    (.int3, 3, 0x7BFF, 111, false),
    (.int5, -16, 0x7BFF, 108, true),
    (.int5, -16, 0x7BFF, 109, false),
    (.int5, 15, 0x7BFF, 108, true),
    (.int5, 15, 0x7BFF, 109, false),
    (.int6, -32, 0x7BFF, 107, true),
    (.int6, -32, 0x7BFF, 108, false),
    (.int6, 31, 0x7BFF, 107, true),
    (.int6, 31, 0x7BFF, 108, false),
    (.int6, -1, 0x7BFF, 112, true),
    (.int8s, 127, 127, 113, true),
    (.int2s, -2, 0x81, 113, true),
  ])
  func valuesDoNotOverflow(
    type: WeightType, code: Int, scale: UInt16, exponent: Int, isAccepted: Bool
  ) throws {
    for arrangement in [Arrangement.rows, .tiles] {
      // The last value of the last row decides.
      let last = [UInt32](repeating: 0, count: 34) + [UInt32(truncatingIfNeeded: code)]
      let tensor = try SampleTensor(
        "w", type, arrangement, shape: [2, 35], rows: [[], last], groupSize: 32,
        scales: [[0, 0], [0, scale]], exponent: exponent)
      let opened = try open(SampleFile(tensors: [tensor]).bytes())
      if isAccepted {
        try opened.check()
        continue
      }
      let error = #expect(throws: KibbleFormatError.self) { try opened.check() }
      guard case .notFinite(samplePath, "w", _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test(arguments: 0..<6)
  func int8CodesStayAbove127Negative(column: Int) throws {
    for arrangement in [Arrangement.rows, .tiles] {
      var tensor = try SampleTensor(
        "w", .int8, arrangement, shape: [2, 6], rows: [], groupSize: 32, scales: [[0], [0x3C00]])
      tensor.put(0x80, 1, column)
      let opened = try open(SampleFile(tensors: [tensor]).bytes())
      let place = opened.tensors[0].planes[0].lowerBound + tensor.unitOffset(1, column)
      #expect(
        throws: KibbleFormatError.codeOutOfRange(path: samplePath, entry: "w", offset: place)
      ) { try opened.check() }
    }
  }
}
