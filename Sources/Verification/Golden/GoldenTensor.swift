import ByteIO
import NumPyFormat
import Safetensors
import TensorCore

/// What a golden file may hold, by the names of formats/golden.md.
enum GoldenPart: String, CaseIterable {
  case inputIDs = "input_ids"
  case sequenceLengths = "sequence_lengths"
  case logits
  case stepwiseLogits = "logits_stepwise"
  case hidden
  case hiddenAttention = "hidden_attention"
}

/// A tensor of a golden file; its elements are read when they are asked for.
struct GoldenTensor: Sendable {
  private enum Place: Sendable {
    case safetensors(SafetensorsFile, Range<Int>)
    case numpy(NumPyFile, NumPyArray)
  }

  let type: ElementType
  let shape: [Int]
  private let place: Place

  /// Whether it holds ids or lengths.
  var isInteger: Bool { type == .i32 || type == .i64 }

  /// Type and shape, in words.
  var description: String { "\(type.rawValue) \(shape)" }

  /// The relative error of a number that is rounded to the type, at most.
  var roundingUnit: Double {
    switch type {
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    default: 0x1p-24
    }
  }

  /// Where its elements lie: little-endian, the last axis running fastest, aligned to nothing.
  func elements() throws -> (region: any ByteRegion, bytes: Range<Int>) {
    switch place {
    case .safetensors(let file, let range): (file.file, range)
    case .numpy(let file, let array): try file.elements(of: array)
    }
  }

  /// Its numbers; it must be of integers.
  func integers() throws -> [Int] {
    let (region, range) = try elements()
    let size = type.bits / 8
    return region.withBytes { bytes in
      stride(from: range.lowerBound, to: range.upperBound, by: size).map { offset in
        size == 4
          ? Int(bytes.littleEndian(Int32.self, at: offset) ?? 0)
          : Int(bytes.littleEndian(Int64.self, at: offset) ?? 0)
      }
    }
  }

  /// The parts that a file has, and whether it is a lone array, which is logits.
  static func parts(
    of path: String
  ) throws -> (tensors: [GoldenPart: GoldenTensor], isLone: Bool) {
    var tensors: [GoldenPart: GoldenTensor] = [:]
    let file = try MappedFile(path: path)
    guard file.withBytes(NumPyFile.recognizes) else {
      let file = try SafetensorsFile(file)
      for part in GoldenPart.allCases {
        tensors[part] = file[part.rawValue].map {
          GoldenTensor(type: $0.type, shape: $0.shape, place: .safetensors(file, $0.byteRange))
        }
      }
      return (tensors, false)
    }
    let numpy = try NumPyFile(file)
    for part in numpy.isArchive ? GoldenPart.allCases : [.logits] {
      tensors[part] = try numpy.array(numpy.isArchive ? part.rawValue : nil).map {
        GoldenTensor(type: $0.type, shape: $0.shape, place: .numpy(numpy, $0))
      }
    }
    return (tensors, !numpy.isArchive)
  }
}
