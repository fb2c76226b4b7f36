import ByteIO
import Conversion
import Diagnostics
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing

/// Matrices whose rows are stored in several types.
@Suite struct BandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let fixtures = ["cases/odd-shapes", "cases/doge2-moe-untied", "doge-nano"]

  /// Bands of the matrices that a pattern matches.
  private func recipe(
    _ pattern: String, _ bands: [RowBand], _ order: RowOrder? = nil,
    _ method: QuantizationMethod = .rtn
  ) -> EncodingRecipe {
    EncodingRecipe(
      target: .weights(.int8), method: method,
      rules: [TensorRule(glob: Glob(pattern), type: .bands(bands, order))])
  }

  /// A recipe for the embedding, whose rows may lie in any order.
  private func embedding(
    of path: String, _ bands: [RowBand] = Self.bands, isOrdered: Bool,
    _ method: QuantizationMethod = .rtn
  ) throws -> EncodingRecipe {
    let rows = try ModelSource.open(path: path).config.vocabularySize
    let order = isOrdered ? RowOrder.shuffled(bands.map(\.firstRow), rows: rows) : nil
    return recipe("*embed_tokens*", bands, order, method)
  }

  private static let bands = [
    RowBand(firstRow: 0, type: .int6s, groupSize: 32),
    RowBand(firstRow: 16, type: .int3, groupSize: 64),
    RowBand(firstRow: 48, type: .int4s, groupSize: 32),
  ]

  /// A row is what it would be if all of its matrix had its type.
  @Test(arguments: fixtures, [false, true])
  func rowsByThemselves(fixture: String, isOrdered: Bool) throws {
    let path = Fixtures.folder(fixture)
    let model = try converter().load(plan(path, embedding(of: path, isOrdered: isOrdered))).model
    try model.file.check()
    let banded = try #require(model.tensors.first)
    #expect(banded.types == [.int6s, .int3, .int4s])
    #expect(model.file.tensors.map(\.name).contains("model.embed_tokens.weight@16"))
    #expect(model.file.metadata(of: "model.embed_tokens.weight")?["type"] == "bands")
    #expect(model.file.metadata["format_version"] == "1.1")
    let kernels = try Compute(threads: 1).kernels
    let values = kernels.values(of: model.matrix(of: banded))
    #expect((banded.order != nil) == isOrdered)
    for (band, end) in zip(Self.bands, [16, 48, values.rows]) {
      let recipe = EncodingRecipe(
        target: .weights(band.type), groupSize: band.groupSize, method: .rtn)
      let whole = try converter().load(plan(path, recipe)).model
      let expected = kernels.values(of: whole.matrix(of: try #require(whole.tensors.first)))
      for place in band.firstRow..<end {
        let row = banded.order.map { Int($0.rows[place]) } ?? place
        #expect(values.row(row) == expected.row(row))
      }
    }
  }

  /// An export has the rows in one piece, and the second reader agrees.
  @Test(arguments: fixtures, [false, true])
  func exported(fixture: String, isOrdered: Bool) throws {
    let file = folder.path("model.kibble")
    let path = Fixtures.folder(fixture)
    _ = try converter().write(
      plan(path, embedding(of: path, isOrdered: isOrdered, .search)), to: file)
    let model = try StoredModel(path: file)
    _ = try converter().export(model, to: folder.path("out"))
    let again = try converter().load(
      plan(folder.path("out"), EncodingRecipe(target: .source))
    ).model
    let kernels = try Compute(threads: 1).kernels
    for (tensor, other) in zip(model.tensors, again.tensors) {
      let (a, b) = (
        model.values(of: tensor, kernels: kernels), again.values(of: other, kernels: kernels)
      )
      #expect(tensor.spec == other.spec && other.bands.count == 1)
      for row in 0..<a.rows { #expect(a.row(row) == b.row(row)) }
    }
    guard Python.withNumPy != nil else { return }
    let script = Fixtures.repository.appending(path: "formats/read_kibble.py").path
    let run = try Python.run([
      "-B", script, file, "--compare", folder.path("out/model.safetensors"),
    ])
    #expect(run.status == 0, "\(run.output)")
  }

  /// A tensor of several chunks, in bands of several chunks.
  @Test(arguments: [false, true]) func manyChunks(isOrdered: Bool) throws {
    let bands = [
      RowBand(firstRow: 0, type: .int8, groupSize: 32),
      RowBand(firstRow: 1536, type: .int4s, groupSize: 128),
    ]
    let path = Fixtures.folder("doge-nano")
    let model = try converter().load(
      plan(path, embedding(of: path, bands, isOrdered: isOrdered))
    ).model
    let embedding = try #require(model.tensors.first)
    try #require(embedding.bands[0].geometry.elementCount >= 2 * 64 << 10)
    _ = try converter().export(model, to: folder.path("out"))
    let again = try converter().load(
      plan(folder.path("out"), EncodingRecipe(target: .source))
    ).model
    let kernels = try Compute(threads: 1).kernels
    let a = model.values(of: embedding, kernels: kernels)
    let b = again.values(of: again.tensors[0], kernels: kernels)
    for row in 0..<a.rows { #expect(a.row(row) == b.row(row)) }
  }

  /// The same bytes by any way to work.
  @Test(arguments: [false, true]) func sameBytes(isOrdered: Bool) throws {
    let path = Fixtures.folder("doge-nano")
    let plan = try plan(path, embedding(of: path, isOrdered: isOrdered, .search))
    let expected = try converter().load(plan).model.file.bytes
    for engine in Engine.all {
      #expect(try engine.converter().load(plan).model.file.bytes == expected)
    }
  }

  /// Bands that a matrix has no rows for, and vectors.
  @Test func refused() throws {
    let path = Fixtures.folder("doge-nano")
    let last = RowBand(firstRow: 2048, type: .int4, groupSize: 32)
    let rows = try diagnostic {
      _ = try plan(path, recipe("*embed*.weight", Self.bands + [last]))
    }
    #expect(rows.code == "conversion.band-rows" && rows.message.contains("2048 rows"))
    let ordered = try diagnostic {
      _ = try plan(
        path,
        recipe("*embed*.weight", Self.bands, .shuffled(Self.bands.map(\.firstRow), rows: 2000)))
    }
    #expect(ordered.code == "conversion.band-rows" && ordered.message.contains("2000 rows"))
    #expect(
      try diagnostic { _ = try plan(path, recipe("*norm.weight", Self.bands)) }.code
        == "conversion.quantized-vector")
    let quantized = try diagnostic {
      let file = folder.path("model.kibble")
      _ = try converter().write(plan(path, recipe("*embed*.weight", Self.bands)), to: file)
      _ = try plan(file, EncodingRecipe(target: .weights(.int4)))
    }
    #expect(quantized.code == "conversion.already-quantized")
  }

  /// A band for each tile, and an order of all rows.
  @Test func manyBands() throws {
    let path = Fixtures.folder("doge-nano")
    let source = try ModelSource.open(path: path)
    let rows = source.config.vocabularySize
    let bands = (0..<rows / 16).map { RowBand(firstRow: 16 * $0, type: .int4, groupSize: 32) }
    let order = RowOrder.shuffled(bands.map(\.firstRow), rows: rows)
    let model = try converter().load(plan(path, recipe("*embed_tokens*", bands, order))).model
    #expect(model.tensors.first?.order == order)
  }

  /// What kibble.rows says must fit the bands, and be announced.
  @Test func orders() throws {
    let path = Fixtures.folder("doge-nano")
    let file = try converter().load(plan(path, embedding(of: path, isOrdered: true))).model.file
    let tensors = file.tensors.map { (name: $0.name, shape: $0.shape, geometry: $0.geometry) }
    let blobs = try file.blobs.map { (name: $0.name, bytes: try file.checkedBytes(of: $0)) }
    let rows = try #require(blobs.last).bytes
    try #require(blobs.last?.name == "kibble.rows" && rows.count == 2048)
    func code(_ rows: [UInt8]?, features: UInt8? = nil) throws -> String? {
      let kept = blobs.dropLast() + (rows.map { [(name: "kibble.rows", bytes: $0)] } ?? [])
      let plan = KibblePlan(
        tensors: tensors,
        blobs: kept.map { BlobContent(name: $0.name, bytes: $0.bytes, compressed: false) })
      var bytes = try plan.emptyFile()
      if let features {
        bytes[12] = features
        let covered = bytes[..<124] + bytes[128..<plan.frame().count]
        let checksum = CRC32.checksum(Array(covered))
        for byte in 0..<4 { bytes[124 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
      }
      let region = try MemoryBuffer(count: bytes.count)
      try region.write(bytes, at: 0)
      do {
        _ = try StoredModel(file: KibbleFile(region: region, path: "a.kibble"))
        return nil
      } catch let error as any Diagnosable {
        return error.diagnostic.code
      }
    }
    #expect(try code(rows) == nil && code(nil) == nil && code(rows, features: 6) == nil)
    // One row in another band, too few, too many, a band that is not there.
    for wrong in [[rows[0] ^ 1] + rows[1...], rows.dropLast(), rows + [2], [3] + rows[1...], []] {
      #expect(try code(Array(wrong)) == "conversion.row-order")
    }
    #expect(try code(rows, features: 4) == "kibble.bad-header")
    #expect(try code(rows, features: 2) == "kibble.bad-header")
    #expect(try code(nil, features: 6) == "kibble.missing-blob")
    #expect(try code(rows, features: 14) == "kibble.unknown-features")
  }

  /// What follows in a file must be the tensor's next rows.
  @Test func sequences() throws {
    let model = try converter().load(
      plan(Fixtures.folder("doge-nano"), recipe("*embed_tokens*", Self.bands))
    ).model
    let file = model.file
    let tensors = file.tensors.map { (name: $0.name, shape: $0.shape, geometry: $0.geometry) }
    func open(
      _ tensors: [(name: String, shape: [Int], geometry: TensorGeometry)]
    ) throws {
      let blobs = try file.blobs.map {
        BlobContent(name: $0.name, bytes: try file.checkedBytes(of: $0), compressed: false)
      }
      let bytes = try KibblePlan(tensors: tensors, blobs: blobs).emptyFile()
      let region = try MemoryBuffer(count: bytes.count)
      try region.write(bytes, at: 0)
      _ = try StoredModel(file: KibbleFile(region: region, path: "a.kibble"))
    }
    try open(tensors)
    func code(_ change: (inout [(name: String, shape: [Int], geometry: TensorGeometry)]) -> Void)
      throws -> String
    {
      var changed = tensors
      change(&changed)
      return try diagnostic { try open(changed) }.code
    }
    let name = "model.embed_tokens.weight"
    #expect(tensors.prefix(3).map(\.name) == ["\(name)@0", "\(name)@16", "\(name)@48"])
    // Bad names; a band that is missing at the start, in the middle or at the end; another order.
    for other in ["\(name)@", "\(name)@+16", "\(name)@016", "\(name)@16@0", "\(name)@32"] {
      #expect(try code { $0[1].name = other } == "kibble.bad-record")
    }
    // The whole tensor beside its bands, and bands of a tensor without a name.
    #expect(try code { $0.append((name, $0[3].shape, $0[3].geometry)) } == "kibble.bad-record")
    #expect(
      try code { tensors in
        for (index, row) in [0, 16, 48].enumerated() { tensors[index].name = "@\(row)" }
      } == "kibble.bad-record")
    #expect(try code { $0.remove(at: 0) } == "kibble.bad-record")
    #expect(try code { $0.remove(at: 1) } == "kibble.bad-record")
    #expect(try code { $0.remove(at: 2) } == "conversion.wrong-tensor")
    #expect(try code { $0.swapAt(0, 1) } == "kibble.bad-record")
    #expect(try code { $0.removeSubrange(1...2) } == "kibble.bad-record")
    // The rows of another tensor, floats, other columns, half a tile.
    #expect(try code { $0[2].name = "lm_head.weight@48" } == "kibble.bad-record")
    for geometry in [(WeightType.f32, 128), (.int4, 96)] {
      #expect(
        try code {
          $0[2].geometry = TensorGeometry(
            type: geometry.0, arrangement: .tiles, shape: [2000, geometry.1], groupSize: 32)!
          $0[2].shape = [2000, geometry.1]
        } == "kibble.bad-record")
    }
    #expect(
      try code {
        $0[0].geometry = $0[0].geometry.with(rows: 8)
        $0[0].shape[0] = 8
        $0[1].name = "\(name)@8"
      } == "kibble.bad-record")
  }
}
