import ByteIO
import Diagnostics

extension UnsupportedFormat {
  /// The format that a file name stands for, if it is one of these.
  init?(fileName: String) {
    let name = fileName.lowercased()
    func ends(in endings: String...) -> Bool { endings.contains { name.hasSuffix($0) } }
    if name.hasPrefix("adapter_model.") || name == "adapter_config.json" {
      self = .adapter
    } else if ends(in: ".gguf") {
      self = .gguf
    } else if ends(in: ".pt", ".pth", ".ckpt") || (ends(in: ".bin") && name.contains(text: "model"))
    {
      self = .pickle
    } else if ends(in: ".onnx") {
      self = .onnx
    } else if ends(in: ".h5", ".msgpack") {
      self = .tensorFlow
    } else if ends(in: ".npz", ".npy") {
      self = .numpy
    } else {
      return nil
    }
  }

  /// The first of a folder's files that is in such a format, adapters and GGUF before others.
  static func find(in names: [String]) -> (name: String, format: UnsupportedFormat)? {
    let found = names.compactMap { name in
      UnsupportedFormat(fileName: name).map { (name: name, format: $0) }
    }
    return found.first { $0.format == .adapter } ?? found.first { $0.format == .gguf }
      ?? found.first
  }
}
