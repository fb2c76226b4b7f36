import DogeArchitecture
import Kernels
import TensorCore

/// What attention keeps of the tokens so far.
///
/// It grows as it is used.
public final class KVCache {
  /// What keys and values are kept in.
  public let type: KVCacheType
  /// Tokens held.
  public internal(set) var count = 0
  /// Tokens that it will take at most.
  public let maximum: Int
  private(set) var capacity = 0
  private(set) var layers: [LayerCache] = []
  /// The layers' caches for each thread that uses them, by objects of its own.
  private var sharedLayers: [[LayerCache]] = []
  private let shape: Shape

  struct Shape {
    let layers: Int
    let kvHeads: Int
    let headDimension: Int
    let maskRows: Int
    let visibility: KeyVisibility
  }

  init(shape: Shape, type: KVCacheType, maximum: Int) {
    self.shape = shape
    self.type = type
    self.maximum = maximum
  }

  /// Forgets all tokens but the first `count`.
  public func truncate(to count: Int) {
    precondition(count >= 0 && count <= self.count, "cannot keep more than there is")
    self.count = count
    for case .codes(let layer) in layers { layer.truncate(to: count) }
  }

  /// Bytes that it takes now.
  public var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

  /// Makes room for `added` tokens behind those that are there.
  func reserve(_ added: Int) throws(ModelError) {
    guard added <= maximum - count else {
      throw .contextFull(used: count, added: added, maximum: maximum)
    }
    let needed = count + added
    guard needed > capacity || layers.isEmpty else { return }
    if type == .int8 {
      reserveCodes(needed)
    } else {
      reserveFloats(max(needed, min(2 * capacity, maximum)))
    }
    sharedLayers = []
  }

  /// The layers' caches for each of some threads.
  func layers(of threads: Int) -> [[LayerCache]] {
    if sharedLayers.count < threads {
      // The first thread has the caches themselves.
      sharedLayers = [layers] + (1..<max(1, threads)).map { _ in layers.map { $0.shared() } }
    }
    return sharedLayers
  }

  private func reserveCodes(_ needed: Int) {
    if layers.isEmpty { layers = (0..<shape.layers).map { _ in .codes(CodedLayerCache(shape)) } }
    for case .codes(let layer) in layers { layer.keyValues.reserve(needed) }
    capacity = needed.roundedUp(to: CodedLayerCache.blockTokens)
  }

  private func reserveFloats(_ wanted: Int) {
    let grown = wanted.roundedUp(to: TensorGeometry.tileRows)
    layers = (0..<shape.layers).map { index in
      let fresh = FloatLayerCache(shape, capacity: grown, areHalves: type == .f16)
      if index < layers.count, case .floats(let old) = layers[index] {
        fresh.copy(old, tokens: count)
      }
      return .floats(fresh)
    }
    capacity = grown
  }
}

/// The cache of one block.
enum LayerCache: Sendable {
  case floats(FloatLayerCache)
  case codes(CodedLayerCache)

  /// The same for another thread, by objects of its own.
  func shared() -> LayerCache {
    switch self {
    case .floats(let cache): .floats(cache.shared())
    case .codes(let cache): .codes(cache.shared())
    }
  }

  var byteCount: Int {
    switch self {
    case .floats(let cache): cache.byteCount
    case .codes(let cache): cache.keyValues.byteCount
    }
  }
}
