import Kernels
import TensorCore

/// The tables of all tensors of a model: one for each size of int8 codes, and one for each other type.
struct ModelTables {
  let tables: [FrequencyTable]
  private let leastSize: Int
  private let sizes: ClosedRange<Int>?
  private let numbers: [WeightType: Int]

  init(_ models: [TensorModel]) {
    var bySize: [Int: [Int]] = [:]
    var byType: [WeightType: [Int]] = [:]
    for model in models {
      for (size, counts) in model.counts {
        if model.sizes != nil {
          bySize[size, default: Self.none].add(counts)
        } else {
          byType[model.geometry.type, default: Self.none].add(counts)
        }
      }
    }
    let least = bySize.keys.min() ?? 0
    let count = (bySize.keys.max() ?? least - 1) - least + 1
    var tables = (0..<count).map { FrequencyTable(counts: bySize[least + $0] ?? Self.none) }
    var numbers: [WeightType: Int] = [:]
    for type in WeightType.allCases {
      guard let counts = byType[type] else { continue }
      numbers[type] = tables.count
      tables.append(FrequencyTable(counts: counts))
    }
    leastSize = least
    sizes = count > 0 ? 0...count - 1 : nil
    self.tables = tables
    self.numbers = numbers
  }

  private static let none = [Int](repeating: 0, count: 256)

  /// What a packed file says of a tensor, but for the lengths of its chunks.
  func parts(of model: TensorModel) -> TensorParts {
    if model.sizes != nil, let sizes { return model.parts(tables: sizes, leastSize: leastSize) }
    guard let number = numbers[model.geometry.type] else {
      preconditionFailure("a type without a table")
    }
    return model.parts(tables: number...number, leastSize: 0)
  }

  func write(to writer: inout ByteWriter) {
    writer.append(UInt16(tables.count))
    for table in tables {
      writer.append(Int8(table.lowest))
      writer.append(UInt8(table.frequencies.count))
      for frequency in table.frequencies { writer.append(frequency) }
    }
  }
}

extension [Int] {
  fileprivate mutating func add(_ others: [Int]) {
    for index in indices { self[index] += others[index] }
  }
}
