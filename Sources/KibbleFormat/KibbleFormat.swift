import Diagnostics
import TensorCore

/// The constants of formats/kibble-v1.md.
package enum KibbleFormat {
  /// `\x89KIBBLE\n`: not text, not changed by a transfer that touches line ends.
  package static let magic: [UInt8] = [0x89, 0x4B, 0x49, 0x42, 0x42, 0x4C, 0x45, 0x0A]
  package static let majorVersion: UInt16 = 1
  /// The version that brought compressed blobs and some types; files without them stay 1.0.
  package static let minorVersion: UInt16 = 1
  /// The bit of the required features that says that blobs may be compressed.
  package static let compressedBlobs: UInt32 = 1
  /// The bit that says that matrices may be stored in bands.
  package static let bands: UInt32 = 2
  /// The bit that says that the bands' rows are in an order of their own.
  package static let rowOrder: UInt32 = 4
  package static let headerBytes = 128
  package static let tensorRecordBytes = 128
  package static let blobRecordBytes = 32
  /// Where a checksum stands in the header, over everything before it and over the directory.
  package static let checksumOffset = 124
  /// Every plane and blob begins at a multiple of this: a cache line, and one AVX-512 vector.
  package static let alignment = 64
  package static let maximumTensors = Limits.kibbleTensors
  package static let maximumBlobs = Limits.kibbleBlobs
  package static let maximumNameBytes = Limits.kibbleName
  /// Blobs are read whole; tokenizers have some ten megabytes.
  package static let maximumBlobBytes = Limits.kibbleBlob
  /// Those of compressed blobs together.
  package static let maximumInflatedBytes = Limits.kibbleInflated
  /// The name of the blob that holds kibble's own metadata.
  package static let metadataName = "kibble.json"
  /// The name of the blob that holds the model's config.
  package static let configName = "config.json"
  /// The name of the blob that says in which band each row is.
  package static let rowsName = "kibble.rows"
}

extension WeightType {
  /// The minor version that brought the type.
  var minorVersion: UInt16 {
    switch self {
    case .f32, .f16, .bf16, .int8, .int6, .int5, .int4: 0
    default: KibbleFormat.minorVersion
    }
  }
}

/// One tensor of a `.kibble` file, as its directory describes it.
public struct TensorRecord: Equatable, Sendable {
  /// The name, in the spelling of the current layout.
  public let name: String
  /// The logical shape: `[rows, columns]` or `[elements]`.
  public let shape: [Int]
  /// The type, group size and arrangement, and what follows: padded sizes, bytes of planes.
  public let geometry: TensorGeometry
  /// The power of two by which the tensor's scales are multiplied; 0 for floats.
  public var exponent: Int
  /// Where the planes lie in the file: codes, then scales.
  public let planes: [Range<Int>]
  /// CRC-32 (zlib) over the planes, in order.
  public var crc32: UInt32

  /// The type of the values.
  public var type: WeightType { geometry.type }

  /// The bytes of the codes and scales together, without the padding between planes.
  public var byteCount: Int { planes.reduce(0) { $0 + $1.count } }
}

/// One named blob of a `.kibble` file.
public struct BlobRecord: Equatable, Sendable {
  /// The file name that it had in the checkpoint folder.
  public let name: String
  /// Where it lies in the file, as it is stored.
  public let range: Range<Int>
  /// CRC-32 (zlib) of its bytes, which may be compressed in the file.
  public let crc32: UInt32
  /// The number of its bytes where they are compressed in the file; nil where they lie there.
  public let inflatedBytes: Int?
}
