import DogeArchitecture
import JSONCore
import Kernels
import ModelFile
import TensorCore

/// In what two models differ.
public struct ModelDifference: Sendable {
  /// A member of the config or of kibble's metadata that is not the same.
  public struct Member: Equatable, Sendable {
    /// Its name.
    public let key: String
    /// What the first model has; nil where it has none.
    public let a: JSON?
    /// What the second model has; nil where it has none.
    public let b: JSON?
  }

  /// A file beside the weights that is not the same: its checksums; nil where there is none.
  public struct File: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// CRC-32 (zlib) of the first model's.
    public let a: UInt32?
    /// CRC-32 (zlib) of the second model's.
    public let b: UInt32?
  }

  /// A tensor of either.
  public struct Tensor: Sendable {
    /// Its name in the current layout.
    public let name: String
    /// How the first model has it; nil where it has none.
    public let a: Side?
    /// How the second model has it; nil where it has none.
    public let b: Side?
    /// How their values differ; nil where they were not compared, or have other shapes.
    public let values: ValueDifference?

    /// Whether anything is not the same.
    public var isDifferent: Bool { a != b || (values?.different ?? 0) > 0 }
  }

  /// How one model has a tensor.
  public struct Side: Equatable, Sendable {
    /// The logical shape.
    public let shape: [Int]
    /// The type of its elements, or those of its bands.
    public let type: String
  }

  /// Members of config.json.
  public let config: [Member]
  /// The layout, and of two `.kibble` files the members of kibble.json.
  public let metadata: [Member]
  /// The files beside the weights.
  public let files: [File]
  /// All tensors, those of the first model first.
  public let tensors: [Tensor]

  /// Whether the models are the same.
  public var isEmpty: Bool {
    config.isEmpty && metadata.isEmpty && files.isEmpty && !tensors.contains(where: \.isDifferent)
  }
}

extension [ModelDifference.Member] {
  /// The members in which two objects differ: those of the first in its order, then the others.
  init(_ a: JSONObject, _ b: JSONObject) {
    self = (a.keys + b.keys.filter { a[$0] == nil }).compactMap { key in
      // Texts that Unicode holds for equivalent are not the same bytes.
      let texts = [a[key], b[key]].map { $0.map { ExactText($0.serialized()) } }
      return texts[0] == texts[1] ? nil : .init(key: key, a: a[key], b: b[key])
    }
  }
}
