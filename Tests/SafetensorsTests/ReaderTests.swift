import ByteIO
import Safetensors
import TensorCore
import TestSupport
import Testing

@Suite struct ReaderTests {
  @Test func readsTensorsInTheOrderOfTheirBytes() throws {
    let header =
      #"{"__metadata__":{"format":"pt","b":"2"},"#
      + #""second":{"dtype":"BF16","shape":[2,3],"data_offsets":[8,20]},"#
      + #""first":{"data_offsets":[0,8],"shape":[],"dtype":"F64"}}"#
    let parsed = try RawFile(header, data: 20).parse()
    let start = 8 + header.utf8.count
    #expect(parsed.tensors.map(\.name) == ["first", "second"])
    #expect(parsed.tensors.map(\.type) == [.f64, .bf16])
    #expect(parsed.tensors.map(\.shape) == [[], [2, 3]])
    #expect(parsed.tensors.map(\.elementCount) == [1, 6])
    #expect(parsed.tensors.map(\.byteRange) == [start..<start + 8, start + 8..<start + 20])
    #expect(parsed.metadata.map(\.key) == ["format", "b"])
    #expect(parsed.metadata.map(\.value) == ["pt", "2"])
  }

  @Test(arguments: [
    "{}", "{} ", "{}             ", " {}", "\t\n{}\r ", #"{"__metadata__":{}}"#,
    #"{"__metadata__":null}"#,
  ])
  func acceptsFilesWithoutTensorsAndPadding(header: String) throws {
    #expect(try RawFile(header).parse().tensors.isEmpty)
  }

  /// Data that begin at an odd offset are legal: writers need not pad.
  @Test(arguments: 0..<8)
  func needsNoAlignment(padding: Int) throws {
    let header = "{" + entry("w", 0, 4) + "}" + String(repeating: " ", count: padding)
    let tensor = try #require(try RawFile(header, data: 4).parse().tensors.first)
    #expect(tensor.byteRange.lowerBound == 8 + header.utf8.count)
  }

  @Test func acceptsEmptyTensorsAnywhere() throws {
    func empty(_ name: String, at offset: Int) -> String {
      #""\#(name)":{"dtype":"F32","shape":[0,7],"data_offsets":[\#(offset),\#(offset)]}"#
    }
    let header =
      "{"
      + [empty("z", at: 0), entry("w", 0, 8), empty("m", at: 8), empty("n", at: 8)]
      .joined(separator: ",") + "}"
    let parsed = try RawFile(header, data: 8).parse()
    #expect(parsed.tensors.map(\.name) == ["z", "w", "m", "n"])
    #expect(parsed.tensors.map(\.elementCount) == [0, 2, 0, 0])
  }

  @Test(arguments: ElementType.allCases)
  func knowsEveryElementType(type: ElementType) throws {
    let header =
      #"{"w":{"dtype":"\#(type.rawValue)","shape":[8],"data_offsets":[0,\#(type.bits)]}}"#
    let parsed = try RawFile(header, data: type.bits).parse()
    #expect(parsed.tensors.first?.type == type)
  }

  @Test func namesAreComparedByteForByte() throws {
    let folder = try TemporaryFolder()
    let names = ["\u{E9}", "e\u{301}", "a", "a\0"]
    let file = try SafetensorsFile(path: folder.write("m", vectors(names)))
    #expect(file.tensors.count == 4)
    for (index, name) in names.enumerated() {
      let tensor = try #require(file[name])
      let bits = file.withBytes(of: tensor) { $0.littleEndian(UInt32.self, at: 0) }
      #expect(bits == Float(index).bitPattern)
    }
    #expect(file["A"] == nil)
  }

  @Test func missingFilesAreNamed() throws {
    #expect(throws: SafetensorsError.file(.notFound(path: "/missing/m"))) {
      try SafetensorsFile(path: "/missing/m")
    }
  }
}
