import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

/// The range and spread of a tensor's values.
struct ValueStatistics {
  private(set) var minimum = Float.infinity
  private(set) var maximum = -Float.infinity
  private(set) var zeros = 0
  private var count = 0.0
  private var sum = 0.0
  private var squares = 0.0

  /// Looks at every value of a stored tensor, or of a band of one.
  init(of record: TensorRecord, in model: StoredModel, kernels: KernelSet) {
    model.forEachRow(of: [record], kernels: kernels) { add($0) }
  }

  /// Looks at every value of a tensor of floats.
  init(of entry: TensorEntry, in file: SafetensorsFile, kernels: KernelSet) {
    let step = (1 << 16) * entry.type.bits / 8
    for start in stride(
      from: entry.byteRange.lowerBound, to: entry.byteRange.upperBound, by: step)
    {
      let part = start..<min(start + step, entry.byteRange.upperBound)
      add(kernels.values(of: SourceElements(entry.type, in: file.file, bytes: part)))
    }
  }

  private mutating func add(_ values: [Float]) {
    for value in values {
      minimum = min(minimum, value)
      maximum = max(maximum, value)
      if value == 0 { zeros += 1 }
      count += 1
      sum += Double(value)
      squares += Double(value) * Double(value)
    }
  }

  var mean: Double { sum / count }

  /// The standard deviation over all values, not an estimate from a sample.
  var deviation: Double {
    let variance = squares / count - mean * mean
    // Rounding may leave less than nothing; what is no number stays none.
    return variance < 0 ? 0 : variance.squareRoot()
  }

  var json: JSON {
    [
      "min": JSON(minimum), "max": JSON(maximum), "mean": JSON(mean), "std": JSON(deviation),
      "zeros": JSON(zeros),
    ]
  }
}
