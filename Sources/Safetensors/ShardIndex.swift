import ByteIO
import JSONCore
import TensorCore

/// `model.safetensors.index.json`: which shard holds which tensor.
struct ShardIndex {
  /// The file names, each once, sorted.
  let shards: [String]
  private let path: String
  private let entries: [(tensor: String, shard: String)]
  private let totalSize: Int?

  init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes)
    } catch {
      throw .indexNotJSON(path: path, error)
    }
    guard let map = json["weight_map"] else { throw .indexWithoutMap(path: path, found: nil) }
    guard case .object(let members) = map else {
      throw .indexWithoutMap(path: path, found: map.kind)
    }
    guard !members.isEmpty else { throw .indexEmpty(path: path) }
    var entries: [(tensor: String, shard: String)] = []
    for member in members.members {
      guard case .string(let shard) = member.value else {
        throw .indexEntryNotString(path: path, tensor: member.key, found: member.value.kind)
      }
      guard FileSystem.isPlainName(shard) else {
        throw .indexNotPlainName(path: path, tensor: member.key, shard: shard)
      }
      entries.append((member.key, shard))
    }
    self.path = path
    self.entries = entries
    shards = Set(entries.map { ExactText($0.shard) }).map(\.text)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    totalSize = json["metadata"]?["total_size"]?.intValue
  }

  /// Checks that all shards are there, before any is opened.
  func checkPresence(in folder: String) throws(CheckpointError) {
    let missing = shards.filter { !FileSystem.entryExists(FileSystem.join(folder, $0)) }
    guard missing.isEmpty else { throw .shardsMissing(path: path, shards: missing) }
  }

  /// Checks that each tensor is in its shard and nowhere else, and that none is left over.
  ///
  /// - Parameter files: the shards, in the order of `shards`.
  /// - Throws: the first tensor that is not where the index says.
  func check(_ files: [SafetensorsFile]) throws(CheckpointError) {
    var holders: [ExactText: String] = [:]
    for (shard, file) in zip(shards, files) {
      for tensor in file.tensors {
        if let other = holders.updateValue(shard, forKey: ExactText(tensor.name)) {
          throw .tensorInTwoShards(path: path, tensor: tensor.name, shards: [other, shard])
        }
      }
    }
    for (tensor, shard) in entries {
      let holder = holders[ExactText(tensor)]
      guard let holder, ExactText(holder) == ExactText(shard) else {
        throw .tensorAbsent(path: path, tensor: tensor, shard: shard, foundIn: holder)
      }
    }
    guard holders.count > entries.count else { return }
    let listed = Set(entries.map { ExactText($0.tensor) })
    for (shard, file) in zip(shards, files) {
      for tensor in file.tensors where !listed.contains(ExactText(tensor.name)) {
        throw .tensorUnlisted(path: path, tensor: tensor.name, shard: shard)
      }
    }
  }

  /// A wrong total size is only mentioned: many published indices carry an old one.
  func warnings(_ tensors: [CheckpointTensor]) -> [String] {
    let bytes = tensors.reduce(0) { $0 + $1.entry.byteRange.count }
    guard let totalSize, totalSize != bytes else { return [] }
    return [
      "the index gives a total size of \(totalSize) bytes, but its tensors have \(bytes)"
    ]
  }
}
